package layout

import (
	"errors"
	"os"
	"testing"
)

func TestDefault(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want Dir
	}{
		{map[string]string{"POSTERN_LAB": "/a", "XDG_STATE_HOME": "/b", "HOME": "/c"}, "/a"},
		{map[string]string{"XDG_STATE_HOME": "/b", "HOME": "/c"}, "/b/postern/lab"},
		// The XDG specification: a relative path is to be ignored.
		{map[string]string{"XDG_STATE_HOME": "b", "HOME": "/c"}, "/c/.local/state/postern/lab"},
	} {
		got, err := Default(func(name string) string { return c.env[name] })
		if err != nil || got != c.want {
			t.Errorf("%v: %s, %v; want %s", c.env, got, err, c.want)
		}
	}
	if got, err := Default(func(string) string { return "" }); err == nil {
		t.Errorf("without an environment: %s", got)
	}
}

func TestLabFile(t *testing.T) {
	dir := Dir(t.TempDir())
	if _, err := Read(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("read of none: %v", err)
	}
	want := dir.Describe()
	want.PID, want.Server = 7, "https://127.0.0.1:16443"
	if err := Write(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := Read(dir)
	if err != nil || got.PID != want.PID || got.Server != want.Server || got.Kubeconfig != want.Kubeconfig {
		t.Errorf("read: %+v, %v", got, err)
	}
	for range 2 {
		if err := Forget(dir); err != nil {
			t.Errorf("forget: %v", err)
		}
	}
}

func TestEnvironmentPath(t *testing.T) {
	for _, v := range (Lab{}).Environment("/lab/bin", "/usr/bin:/lab/bin:/bin") {
		if v.Name == "PATH" && v.Value != "/lab/bin:/usr/bin:/bin" {
			t.Errorf("PATH: %s", v.Value)
		}
	}
}
