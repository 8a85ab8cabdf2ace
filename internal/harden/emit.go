package harden

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Target is the cluster that code is written for.
type Target struct{ ID, Name, ResourceGroup, Subscription string }

// Forms are the languages of Emit.
func Forms() []string { return []string{"az", "bicep", "terraform", "policy"} }

// Emit writes remedies as code: for clusters that are kept by Bicep or Terraform
// a change made past them is drift, which their next run undoes.
//
// Bindings are objects in the cluster, which Azure's languages do not reach: the
// az form has kubectl change them, the others name them.
func Emit(form string, t Target, remedies []Remedy, bindings []Binding) (string, error) {
	switch form {
	case "terraform", "bicep":
		text, err := "", error(nil)
		if len(remedies) > 0 {
			text, err = emit(form, t, remedies)
		}
		mark := map[string]string{"terraform": "#", "bicep": "//"}[form]
		for _, b := range bindings {
			what := "delete it"
			if b.After != nil {
				what = "Subjects that stay: " + string(granted(b.After))
			}
			text += fmt.Sprintf("%s %s, in the cluster: %s\n%s   %s\n", mark, b.Check, oneLine(b.Object()), mark, what)
		}
		return text, err
	case "az":
		text := az(t, remedies)
		for _, b := range bindings {
			text += kubectl(b)
		}
		return text, nil
	}
	return emit(form, t, remedies)
}

// oneLine keeps a name from ending a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return '?'
		}
		return r
	}, s)
}

// kubectl changes a binding if it is still what the plan was made from.
func kubectl(b Binding) string {
	where := ""
	if b.Before.Namespace != "" {
		where = " --namespace " + shell(b.Before.Namespace)
	}
	kind := strings.ToLower(b.Before.Kind())
	text := fmt.Sprintf("# %s: %s\n", b.Check, oneLine(b.Object()))
	if b.After == nil {
		return text + fmt.Sprintf("kubectl delete %s%s %s\n", kind, where, shell(b.Before.Name))
	}
	type op = map[string]any
	var patch []op
	for i := len(b.Before.Subjects) - 1; i >= 0; i-- {
		if s := b.Before.Subjects[i]; !slices.Contains(b.After.Subjects, s) {
			at := fmt.Sprintf("/subjects/%d", i)
			patch = append(patch, op{"op": "test", "path": at + "/name", "value": s.Name}, op{"op": "remove", "path": at})
		}
	}
	body, _ := json.Marshal(patch)
	return text + fmt.Sprintf("kubectl patch %s%s %s --type=json --patch %s\n", kind, where, shell(b.Before.Name), shell(string(body)))
}

func emit(form string, t Target, remedies []Remedy) (string, error) {
	switch form {
	case "terraform":
		return terraform(t, remedies)
	case "bicep":
		return bicep(t, remedies)
	case "policy":
		return assignments(t, remedies)
	}
	return "", fmt.Errorf("write %s: no such form; there are %s", form, strings.Join(Forms(), ", "))
}

func comments(mark string, remedies []Remedy) string {
	var b strings.Builder
	for _, r := range remedies {
		fmt.Fprintf(&b, "%s %s: %s\n", mark, r.Check, r.Title)
		for _, n := range r.Notes {
			fmt.Fprintf(&b, "%s   %s\n", mark, n)
		}
	}
	return b.String()
}

// az makes one update a remedy, in their order: each is an operation of its own.
func az(t Target, remedies []Remedy) string {
	b := "#!/bin/sh\nset -eu\n" + comments("#", remedies)
	for _, r := range remedies {
		b += fmt.Sprintf("az aks update --subscription %s --resource-group %s --name %s %s\n", shell(t.Subscription), shell(t.ResourceGroup), shell(t.Name), r.Az)
	}
	return b
}

// shell quotes a word for sh.
func shell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// terraform says the attributes for those who keep the cluster by azurerm, and is
// itself a resource of azapi for those who do not.
func terraform(t Target, remedies []Remedy) (string, error) {
	body, err := settings(remedies)
	if err != nil {
		return "", err
	}
	b := comments("#", remedies) + "# Where azurerm_kubernetes_cluster keeps this cluster, write these attributes there instead:\n"
	for _, r := range remedies {
		b += "#   " + r.Terraform + "\n"
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return "", err
	}
	return b + fmt.Sprintf(`# Provider Azure/azapi, 2.0 or later.
resource "azapi_update_resource" "postern_%s" {
  type        = "Microsoft.ContainerService/managedClusters@%s"
  resource_id = %s
  body = %s
}
`, identifier(t.Name), APIVersion, hcl(t.ID), hclValue(v, "  ")), nil
}

func hclValue(v any, indent string) string {
	switch v := v.(type) {
	case map[string]any:
		b := "{\n"
		for _, name := range sortedNames(v) {
			b += indent + "  " + name + " = " + hclValue(v[name], indent+"  ") + "\n"
		}
		return b + indent + "}"
	case string:
		return hcl(v)
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// hcl quotes a string for HCL, where ${ and %{ begin templates.
func hcl(s string) string {
	q, _ := json.Marshal(s)
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(q))
}

func identifier(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, name)
}

// settings are what remedies set, as one JSON object.
func settings(remedies []Remedy) (string, error) {
	body := []byte("{}")
	for _, r := range remedies {
		for _, s := range r.Set {
			var err error
			if body, err = set(body, s.Path, s.Value); err != nil {
				return "", err
			}
		}
	}
	return string(body), nil
}

// bicep cannot change a part of a resource: what is there must be said again. So
// it is a module's fragment to be merged where the cluster is declared.
func bicep(t Target, remedies []Remedy) (string, error) {
	body, err := settings(remedies)
	if err != nil {
		return "", err
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return "", err
	}
	b := comments("//", remedies)
	b += "// Merge this into the declaration of the cluster " + t.Name + ": a deployment replaces the whole\n// resource, and what the declaration leaves out is reset. The rest of it belongs in the\n// parameter, and what stands here wins.\n"
	b += "@description('The cluster as it is declared today: location, sku, identity, tags and properties.')\nparam declared object\n\n"
	b += fmt.Sprintf("resource cluster 'Microsoft.ContainerService/managedClusters@%s' = {\n  name: %s\n  location: declared.location\n  sku: declared.?sku\n  identity: declared.?identity\n  tags: declared.?tags\n", APIVersion, bicepText(t.Name))
	b += "  properties: union(declared.properties, " + bicepValue(v["properties"], "  ") + ")\n}\n"
	return b, nil
}

func bicepText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "${", `\${`).Replace(s) + "'"
}

func bicepValue(v any, indent string) string {
	switch v := v.(type) {
	case map[string]any:
		b := "{\n"
		for _, name := range sortedNames(v) {
			b += indent + "  " + name + ": " + bicepValue(v[name], indent+"  ") + "\n"
		}
		return b + indent + "}"
	case string:
		return bicepText(v)
	}
	text, _ := json.Marshal(v)
	return string(text)
}

func sortedNames(v map[string]any) []string { return slices.Sorted(maps.Keys(v)) }

// assignments are Azure Policy assignments of built-in definitions that refuse
// what would undo the remedies, as an ARM template for the resource group.
func assignments(t Target, remedies []Remedy) (string, error) {
	type object = map[string]any
	resources := []any{}
	for _, r := range remedies {
		if r.Policy == "" {
			continue
		}
		resources = append(resources, object{
			"type": "Microsoft.Authorization/policyAssignments", "apiVersion": "2022-06-01", "name": "postern-" + r.Check,
			"properties": object{
				"displayName":        "Keep closed: " + r.Title,
				"policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/" + r.Policy,
				"enforcementMode":    "Default",
				"parameters":         object{"effect": object{"value": "Deny"}},
				"nonComplianceMessages": []any{object{
					"message": "Kept closed by postern harden " + r.Check + " (" + r.Title + ")",
				}},
			},
		})
	}
	text, err := json.MarshalIndent(object{
		"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
		"metadata":  object{"deploy": fmt.Sprintf("az deployment group create --subscription %s -g %s --template-file FILE: refuses, in this resource group, what would open again what was closed", t.Subscription, t.ResourceGroup)},
		"resources": resources,
	}, "", "  ")
	return string(text) + "\n", err
}
