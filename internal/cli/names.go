package cli

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/azure"
)

const (
	namesAuto  = "auto"
	namesNever = "never"
)

// namesFlag adds --names to a command that shows object ids.
func namesFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "names", "", "auto: ask Microsoft Graph for the names of object ids, never: do not (default auto)")
	completeFixed(cmd, "names", namesAuto, namesNever)
}

// namesMode settles flag and configuration.
func (e *Env) namesMode(flag string) (string, error) {
	switch flag {
	case "":
		return e.Config.Names, nil
	case namesAuto, namesNever:
		return flag, nil
	}
	return "", usageError("", "--names is %q, want auto or never", flag)
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// names are the directory's names for object ids.
type names struct {
	objects map[string]azure.Object
	asked   bool
	why     string // why nothing is known, where nothing is
}

// name is what a report says of one object id.
type name struct {
	Display string `json:"displayName,omitempty"`
	Type    string `json:"type,omitempty"`
	UPN     string `json:"userPrincipalName,omitempty"`
	AppID   string `json:"appId,omitempty"`
	Unknown string `json:"nameUnknown,omitempty"` // why there is no name
}

// resolveNames asks the directory for the names of those values that are object
// ids. It takes a bounded time and never fails.
func (e *Env) resolveNames(ctx context.Context, mode, tenant string, values []string) names {
	var ids []string
	for _, v := range values {
		if id := strings.ToLower(v); guid.MatchString(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	switch {
	case len(ids) == 0:
		return names{}
	case mode == namesNever:
		return names{why: "not asked (--names=never)"}
	}
	slices.Sort(ids)
	limited, cancel := context.WithTimeout(ctx, time.Duration(e.Config.Timeout.Names))
	defer cancel()
	directory := azure.Directory{TenantID: tenant, Getenv: e.Getenv, Version: buildVersion()}
	objects, err := directory.Names(limited, ids)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return names{why: "interrupted"}
		}
		e.Log.Info("names", "err", err)
		return names{why: err.Error()}
	}
	return names{objects: objects, asked: true}
}

// of is the name of a value; zero for values that are no object ids.
func (n names) of(value string) name {
	if !guid.MatchString(value) {
		return name{}
	}
	o, found := n.objects[strings.ToLower(value)]
	switch {
	case found:
		return name{Display: o.Display, Type: string(o.Type), UPN: o.UPN, AppID: o.AppID}
	case n.asked:
		return name{Unknown: notInDirectory}
	}
	return name{Unknown: n.why}
}

// notInDirectory is an answer, other than the reasons for which there is none:
// the object was deleted, or belongs to another tenant.
const notInDirectory = "no such object in the directory this credential reads"

// text is the name as a table shows it.
func (n name) text() string {
	switch {
	case n.Unknown == notInDirectory:
		return "not in this directory"
	case n.Unknown != "":
		return "name unknown"
	case n.UPN != "":
		return n.UPN
	case n.Type == string(azure.ServicePrincipal):
		return n.Display + " (service principal)"
	}
	return n.Display
}
