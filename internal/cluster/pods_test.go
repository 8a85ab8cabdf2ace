package cluster

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/postern-dev/postern/internal/snapshot"
)

func TestMountsToken(t *testing.T) {
	projected := func(audience string) corev1.Volume {
		return corev1.Volume{Name: "v", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: audience}}}}}}
	}
	secret := corev1.Volume{Name: "v", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s"}}}
	at := func(name, path string) []corev1.VolumeMount {
		return []corev1.VolumeMount{{Name: name, MountPath: path}}
	}
	for name, c := range map[string]struct {
		spec corev1.PodSpec
		want bool
	}{
		"as admission does":         {corev1.PodSpec{Volumes: []corev1.Volume{projected("")}, Containers: []corev1.Container{{VolumeMounts: at("v", tokenPath)}}}, true},
		"elsewhere":                 {corev1.PodSpec{Volumes: []corev1.Volume{projected("")}, Containers: []corev1.Container{{}, {VolumeMounts: at("v", "/x")}}}, true},
		"before the others":         {corev1.PodSpec{Volumes: []corev1.Volume{projected("")}, InitContainers: []corev1.Container{{VolumeMounts: at("v", tokenPath)}}}, true},
		"to look into it":           {corev1.PodSpec{Volumes: []corev1.Volume{projected("")}, EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{VolumeMounts: at("v", "/x")}}}}, true},
		"a Secret in its place":     {corev1.PodSpec{Volumes: []corev1.Volume{secret}, Containers: []corev1.Container{{VolumeMounts: at("v", tokenPath)}}}, true},
		"a Secret elsewhere":        {corev1.PodSpec{Volumes: []corev1.Volume{secret}, Containers: []corev1.Container{{VolumeMounts: at("v", "/x")}}}, false},
		"for somebody else":         {corev1.PodSpec{Volumes: []corev1.Volume{projected("api://AzureADTokenExchange")}, Containers: []corev1.Container{{VolumeMounts: at("v", "/x")}}}, false},
		"a volume that none mounts": {corev1.PodSpec{Volumes: []corev1.Volume{projected("")}, Containers: []corev1.Container{{VolumeMounts: at("w", tokenPath)}}}, false},
		"nothing":                   {corev1.PodSpec{Containers: []corev1.Container{{}}}, false},
	} {
		if got := mountsToken(c.spec); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	ended := corev1.Pod{Spec: corev1.PodSpec{Volumes: []corev1.Volume{projected("")}, Containers: []corev1.Container{{VolumeMounts: at("v", tokenPath)}}}, Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}
	if pod(ended).Mounts {
		t.Error("a Pod that has ended mounts a token")
	}
}

// Pods and ServiceAccounts are read page by page; what is refused is unknown by
// its own name and the other stays.
func TestPods(t *testing.T) {
	ca := newAuthority(t, "ca", born)
	refused := ""
	server := serveAPI(t, ca, ca, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == refused:
			refuse(w, 403, "Forbidden", "no")
		case r.URL.Path == "/apis/authentication.k8s.io/v1/selfsubjectreviews":
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"status":{"userInfo":{"username":"reader"}}}`)
		case r.URL.Path == "/api/v1/serviceaccounts":
			fmt.Fprint(w, `{"items":[{"metadata":{"namespace":"shop","name":"web"},"automountServiceAccountToken":false},{"metadata":{"namespace":"shop","name":"default"}}]}`)
		case r.URL.Path == "/api/v1/pods" && r.URL.Query().Get("continue") == "":
			fmt.Fprint(w, `{"metadata":{"continue":"2"},"items":[{"metadata":{"namespace":"shop","name":"web-1","ownerReferences":[{"kind":"ReplicaSet","name":"web","controller":true}]},
				"spec":{"serviceAccountName":"web","automountServiceAccountToken":true,"volumes":[{"name":"t","projected":{"sources":[{"serviceAccountToken":{"path":"token"}}]}}],
				"containers":[{"name":"c","volumeMounts":[{"name":"t","mountPath":"`+tokenPath+`"}]}]}}]}`)
		case r.URL.Path == "/api/v1/pods":
			fmt.Fprint(w, `{"items":[{"metadata":{"namespace":"shop","name":"two"},"spec":{"serviceAccountName":"default"}}]}`)
		default:
			refuse(w, 404, "NotFound", "no such path")
		}
	})
	read := func() *snapshot.Snapshot {
		c, err := ConnectEntra(EntraOptions{Server: server.URL, CA: ca.pem, Timeout: 10 * time.Second, Token: func(context.Context) (string, error) { return "x", nil }})
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Read(t.Context(), Request{Parts: []Part{Pods}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := read()
	if len(s.Pods) != 2 || s.Pods[0].Owner != "ReplicaSet/web" || s.Pods[0].ServiceAccount != "web" || s.Pods[0].Automount == nil || !*s.Pods[0].Automount || !s.Pods[0].Mounts || s.Pods[1].Mounts || s.Pods[1].Automount != nil {
		t.Errorf("pods: %+v", s.Pods)
	}
	if len(s.ServiceAccounts) != 2 || s.ServiceAccounts[0].Automount == nil || *s.ServiceAccounts[0].Automount || s.ServiceAccounts[1].Automount != nil {
		t.Errorf("accounts: %+v", s.ServiceAccounts)
	}
	refused = "/api/v1/pods"
	if s = read(); !s.Missing(snapshot.PodList) || s.Pods != nil || s.Missing(snapshot.ServiceAccountList) || len(s.ServiceAccounts) != 2 {
		t.Errorf("refused: %+v", s)
	}
}
