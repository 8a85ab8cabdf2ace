package standin

// tokenPath is where client libraries look for the token.
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// admit does to a Pod of the world what admission of ServiceAccounts does when it
// is made: it names the ServiceAccount, and mounts its token into every container
// that has nothing at that path, unless the Pod or else the ServiceAccount says no.
func admit(pod object, accounts []object) {
	spec, _ := pod["spec"].(map[string]any)
	if spec == nil {
		spec = object{}
		pod["spec"] = spec
	}
	name, _ := spec["serviceAccountName"].(string)
	if name == "" {
		name = "default"
		spec["serviceAccountName"] = name
	}
	automount, said := spec["automountServiceAccountToken"].(bool)
	if !said {
		automount = true
		for _, a := range accounts {
			if meta(a, "namespace") == meta(pod, "namespace") && meta(a, "name") == name {
				if own, said := a["automountServiceAccountToken"].(bool); said {
					automount = own
				}
			}
		}
	}
	if !automount {
		return
	}
	const volume = "kube-api-access-lab00"
	mounted := false
	for _, list := range []string{"initContainers", "containers"} {
		all, _ := spec[list].([]any)
		for _, v := range all {
			container, _ := v.(map[string]any)
			mounts, _ := container["volumeMounts"].([]any)
			if container == nil || has(mounts, tokenPath) {
				continue
			}
			container["volumeMounts"] = append(mounts, object{"name": volume, "readOnly": true, "mountPath": tokenPath})
			mounted = true
		}
	}
	if mounted {
		volumes, _ := spec["volumes"].([]any)
		spec["volumes"] = append(volumes, object{"name": volume, "projected": object{"defaultMode": 420, "sources": []any{
			object{"serviceAccountToken": object{"expirationSeconds": 3607, "path": "token"}},
			object{"configMap": object{"name": "kube-root-ca.crt", "items": []any{object{"key": "ca.crt", "path": "ca.crt"}}}},
		}}})
	}
}

func has(mounts []any, path string) bool {
	for _, v := range mounts {
		if m, _ := v.(map[string]any); m != nil && m["mountPath"] == path {
			return true
		}
	}
	return false
}
