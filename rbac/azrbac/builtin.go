package azrbac

import "strings"

// builtinSource says where the bodies below come from. Azure changes built-in
// roles now and then; a definition that was read wins over this table.
const builtinSource = "the built-in roles of August 2026"

// builtin are the built-in roles about AKS and the three general ones, as
// Microsoft publishes them (learn.microsoft.com, "Azure built-in roles for
// Containers" and "for General"; bodies as of 2026-08-22). With them lists of
// assignments can be judged for which nobody gave the definitions.
func builtin() []Definition {
	return []Definition{
		{ID: "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8", Name: "Azure Kubernetes Service Cluster Admin Role", Permissions: []Permission{{
			Actions: words(`Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action
				Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action
				Microsoft.ContainerService/managedClusters/read
				Microsoft.ContainerService/managedClusters/runcommand/action`),
		}}},
		{ID: "4abbcc35-e782-43d8-92c5-2d3f1bd2253f", Name: "Azure Kubernetes Service Cluster User Role", Permissions: []Permission{{
			Actions: words(`Microsoft.ContainerService/managedClusters/listClusterUserCredential/action
				Microsoft.ContainerService/managedClusters/read`),
		}}},
		{ID: "1afdec4b-e479-420e-99e7-f82237c7c5e6", Name: "Azure Kubernetes Service Cluster Monitoring User", Permissions: []Permission{{
			Actions: words(`Microsoft.ContainerService/managedClusters/listClusterMonitoringUserCredential/action
				Microsoft.ContainerService/managedClusters/read`),
		}}},
		{ID: "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8", Name: "Azure Kubernetes Service Contributor Role", Permissions: []Permission{{
			Actions: words(`Microsoft.Authorization/*/read
				Microsoft.ContainerService/locations/*
				Microsoft.ContainerService/managedClusters/*
				Microsoft.ContainerService/managedclustersnapshots/*
				Microsoft.ContainerService/snapshots/*
				Microsoft.Insights/alertRules/*
				Microsoft.Resources/deployments/*
				Microsoft.Resources/subscriptions/resourceGroups/read
				Microsoft.ContainerService/deploymentSafeguards/*`),
		}}},
		{ID: "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b", Name: "Azure Kubernetes Service RBAC Cluster Admin", Permissions: []Permission{{
			Actions: words(`Microsoft.Authorization/*/read
				Microsoft.Resources/subscriptions/operationresults/read
				Microsoft.Resources/subscriptions/read
				Microsoft.Resources/subscriptions/resourceGroups/read
				Microsoft.ContainerService/managedClusters/listClusterUserCredential/action`),
			DataActions: below(`*`),
		}}},
		{ID: "3498e952-d568-435e-9b2c-8d77e338d7f7", Name: "Azure Kubernetes Service RBAC Admin", Permissions: []Permission{{
			Actions: words(`Microsoft.Authorization/*/read
				Microsoft.Resources/subscriptions/operationresults/read
				Microsoft.Resources/subscriptions/read
				Microsoft.Resources/subscriptions/resourceGroups/read
				Microsoft.ContainerService/managedClusters/listClusterUserCredential/action`),
			DataActions:    below(`*`),
			NotDataActions: below(`resourcequotas/write resourcequotas/delete namespaces/write namespaces/delete`),
		}}},
		{ID: "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb", Name: "Azure Kubernetes Service RBAC Writer", Permissions: []Permission{{
			Actions: words(`Microsoft.Authorization/*/read
				Microsoft.Resources/subscriptions/operationresults/read
				Microsoft.Resources/subscriptions/read
				Microsoft.Resources/subscriptions/resourceGroups/read`),
			DataActions: below(`apps/controllerrevisions/read apps/daemonsets/* apps/deployments/* apps/replicasets/* apps/statefulsets/*
				autoscaling/horizontalpodautoscalers/* batch/cronjobs/* coordination.k8s.io/leases/read
				coordination.k8s.io/leases/write coordination.k8s.io/leases/delete discovery.k8s.io/endpointslices/read
				batch/jobs/* configmaps/* endpoints/* events.k8s.io/events/read events/* extensions/daemonsets/*
				extensions/deployments/* extensions/ingresses/* extensions/networkpolicies/* extensions/replicasets/*
				limitranges/read metrics.k8s.io/pods/read metrics.k8s.io/nodes/read namespaces/read
				networking.k8s.io/ingresses/* networking.k8s.io/networkpolicies/* persistentvolumeclaims/* pods/*
				policy/poddisruptionbudgets/* replicationcontrollers/* resourcequotas/read secrets/* serviceaccounts/*
				services/*`),
		}}},
		{ID: "7f6c6a51-bcf8-42ba-9220-52d62157d7db", Name: "Azure Kubernetes Service RBAC Reader", Permissions: []Permission{{
			Actions: words(`Microsoft.Authorization/*/read
				Microsoft.Resources/subscriptions/operationresults/read
				Microsoft.Resources/subscriptions/read
				Microsoft.Resources/subscriptions/resourceGroups/read`),
			DataActions: below(`apps/controllerrevisions/read apps/daemonsets/read apps/deployments/read apps/replicasets/read
				apps/statefulsets/read autoscaling/horizontalpodautoscalers/read batch/cronjobs/read batch/jobs/read
				configmaps/read discovery.k8s.io/endpointslices/read endpoints/read events.k8s.io/events/read events/read
				extensions/daemonsets/read extensions/deployments/read extensions/ingresses/read
				extensions/networkpolicies/read extensions/replicasets/read limitranges/read metrics.k8s.io/pods/read
				metrics.k8s.io/nodes/read namespaces/read networking.k8s.io/ingresses/read
				networking.k8s.io/networkpolicies/read persistentvolumeclaims/read pods/read policy/poddisruptionbudgets/read
				replicationcontrollers/read resourcequotas/read serviceaccounts/read services/read`),
		}}},
		{ID: "c9f76ca8-b262-4b10-8ed2-09cf0948aa35", Name: "Azure Kubernetes Service Namespace User", Permissions: []Permission{{
			Actions: words(`Microsoft.ContainerService/managedClusters/managedNamespaces/read
				Microsoft.ContainerService/managedClusters/managedNamespaces/listCredential/action`),
		}}},
		{ID: "289d8817-ee69-43f1-a0af-43a45505b488", Name: "Azure Kubernetes Service Namespace Contributor", Permissions: []Permission{{
			Actions: words(`Microsoft.Authorization/*/read
				Microsoft.Insights/alertRules/*
				Microsoft.Resources/subscriptions/resourceGroups/read
				Microsoft.ContainerService/managedClusters/managedNamespaces/*
				Microsoft.Resources/deployments/*`),
		}}},
		{ID: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", Name: "Owner", Permissions: []Permission{{
			Actions: words(`*`),
		}}},
		{ID: "b24988ac-6180-42a0-ab88-20f7382dd24c", Name: "Contributor", Permissions: []Permission{{
			Actions: words(`*`),
			NotActions: words(`Microsoft.Authorization/*/Delete
				Microsoft.Authorization/*/Write
				Microsoft.Authorization/elevateAccess/Action
				Microsoft.Blueprint/blueprintAssignments/write
				Microsoft.Blueprint/blueprintAssignments/delete
				Microsoft.Compute/galleries/share/action
				Microsoft.Purview/consents/write
				Microsoft.Purview/consents/delete
				Microsoft.Resources/deploymentStacks/manageDenySetting/action
				Microsoft.Subscription/cancel/action
				Microsoft.Subscription/enable/action`),
		}}},
		{ID: "acdd72a7-3385-48ef-bd42-f606fba81ae7", Name: "Reader", Permissions: []Permission{{
			Actions: words(`*/read`),
		}}},
	}
}

// Builtin is a built-in role by its GUID, from a table of this package.
func Builtin(guid string) (*Definition, bool) {
	all := builtin()
	for i := range all {
		if all[i].ID == last(guid) {
			return &all[i], true
		}
	}
	return nil, false
}

func words(text string) []string { return strings.Fields(text) }

// below are operations of the cluster, named without the provider.
func below(text string) []string {
	list := words(text)
	for i := range list {
		list[i] = provider + "/" + list[i]
	}
	return list
}

// wholeResources are those RBAC Writer gives with all operations: namespaced
// ones, each with at least read, write and delete.
func wholeResources() (all []string) {
	writer, _ := Builtin("a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb")
	for _, p := range writer.Permissions[0].DataActions {
		if resource, whole := strings.CutSuffix(p, "/*"); whole {
			all = append(all, resource)
		}
	}
	return all
}
