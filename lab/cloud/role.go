package cloud

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"
)

//go:embed roles.json
var rolesJSON []byte

// builtin parses the embedded bodies once; the file is part of the program.
var builtin = sync.OnceValue(func() []RoleDefinition {
	var file struct {
		Source string           `json:"source"`
		Roles  []RoleDefinition `json:"roles"`
	}
	if err := json.Unmarshal(rolesJSON, &file); err != nil {
		panic("BUG: roles.json: " + err.Error())
	}
	for i := range file.Roles {
		file.Roles[i].Builtin = true
		file.Roles[i].AssignableScopes = []string{"/"}
	}
	return file.Roles
})

// BuiltinRoles are Azure's own role bodies, as roles.json states them.
func BuiltinRoles() []RoleDefinition { return append([]RoleDefinition(nil), builtin()...) }

// AllRoles are the built-in roles followed by the world's own.
func (w *World) AllRoles() []RoleDefinition {
	return append(BuiltinRoles(), w.RoleDefinitions...)
}

// RoleDefinition finds a role by GUID or by name, without regard to case.
func (w *World) RoleDefinition(idOrName string) (RoleDefinition, bool) {
	for _, list := range [][]RoleDefinition{builtin(), w.RoleDefinitions} {
		for _, r := range list {
			if strings.EqualFold(r.ID, idOrName) || strings.EqualFold(r.RoleName, idOrName) {
				return r, true
			}
		}
	}
	return RoleDefinition{}, false
}
