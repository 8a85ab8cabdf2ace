package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/daemon/layout"
	"github.com/postern-dev/postern/lab/export"
)

// status tells what runs; exit 1 when nothing does, so that scripts can ask.
func (c Command) status(ctx context.Context, args []string) error {
	set, state := c.flags("status")
	output := set.String("o", "table", "")
	dir, err := c.parse(set, args, state, 0)
	if err != nil {
		return err
	}
	if *output != "table" && *output != "json" {
		return usagef("status: -o %s: there is table and json", *output)
	}
	var s Status
	if _, err = running(dir); err == nil {
		var text []byte
		if text, err = ask(ctx, dir, "GET", "/status", nil); err == nil {
			err = json.Unmarshal(text, &s)
		}
	}
	if *output == "json" {
		if s.Deliveries == nil {
			s.Deliveries = []export.Delivery{}
		}
		if printErr := printJSON(c.Stdout, s); printErr != nil {
			return printErr
		}
		return err
	}
	if err != nil {
		return err
	}
	return printStatus(c.Stdout, s)
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

func printStatus(out io.Writer, s Status) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	l := s.Lab
	for _, row := range [][2]string{
		{"LAB", fmt.Sprintf("up since %s (pid %d)", l.Started.Local().Format("2006-01-02 15:04:05"), l.PID)},
		{"kube-apiserver", l.Server},
		{"proxy", l.Proxy},
		{"sign-in page", l.SignIn},
		{"tenant", l.TenantName + " " + l.TenantID},
		{"subscription", l.SubscriptionName + " " + l.SubscriptionID},
		{"cluster", l.ClusterID},
		{"state", l.StateDir},
		{"audit log", l.AuditLog + sizeOf(l.AuditLog)},
		{"faults", strings.Join(l.Faults, ", ")},
	} {
		if row[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", row[0], row[1])
		}
	}
	switch {
	case s.Paused:
		fmt.Fprintf(w, "exporter\tpaused\n")
	case len(s.Deliveries) == 0:
		fmt.Fprintf(w, "exporter\tdelivers nothing: the cluster has no diagnostic setting\n")
	default:
		fmt.Fprintf(w, "\nCATEGORY\tRECORDS\tCUT\tDESTINATION\tNOTE\n")
		for _, d := range s.Deliveries {
			fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", d.Category, d.Delivered, d.Cut, d.Destination, d.Note)
		}
	}
	return w.Flush()
}

func sizeOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (%d bytes)", info.Size())
}

// env prints what makes a shell talk to the lab.
func (c Command) env(_ context.Context, args []string) error {
	set, state := c.flags("env")
	dir, err := c.parse(set, args, state, 0)
	if err != nil {
		return err
	}
	lab, err := running(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Stdout, "# %s, %s: this shell reaches the LAB and nothing else.\n", lab.TenantName, lab.SubscriptionName)
	for _, v := range lab.Environment(filepath.Dir(c.Executable), c.Getenv("PATH")) {
		if own := c.Getenv("PYTHONPATH"); v.Name == "PYTHONPATH" && own != "" && own != v.Value {
			v.Value += ":" + own
		}
		fmt.Fprintf(c.Stdout, "export %s=%s\n", v.Name, quote(v.Value))
	}
	return nil
}

// quote makes one word of a shell out of anything.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// world shows the present world, or loads another.
func (c Command) world(ctx context.Context, args []string) error {
	set, state := c.flags("world")
	standard := set.Bool("default", false, "")
	dir, err := c.parse(set, args, state, 1)
	if err != nil {
		return err
	}
	switch {
	case *standard && set.NArg() > 0:
		return usagef("world: --default prints, FILE loads: one of them")
	case *standard:
		_, err := c.Stdout.Write(cloud.DefaultWorldFile())
		return err
	case set.NArg() > 0:
		return c.loadWorld(ctx, dir, set.Arg(0))
	}
	text, err := os.ReadFile(dir.Cloud())
	if errors.Is(err, os.ErrNotExist) {
		return hint(fmt.Errorf("no lab was started in %s", dir), "postern-lab world --default prints the world it would start with")
	}
	if err != nil {
		return fmt.Errorf("read world: %w", err)
	}
	var w cloud.World
	if err := json.Unmarshal(text, &w); err != nil {
		return fmt.Errorf("read world %s: %w", dir.Cloud(), err)
	}
	return printWorld(c.Stdout, &w)
}

// loadWorld hands a world to the running lab, or keeps it for the next start.
func (c Command) loadWorld(ctx context.Context, dir layout.Dir, path string) error {
	world, err := readWorld(path)
	if err != nil {
		return err
	}
	if _, runs, err := holder(dir); err != nil {
		return err
	} else if runs {
		if _, err := running(dir); err != nil {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("read world: %w", err)
		}
		defer file.Close()
		problems, err := ask(ctx, dir, "POST", "/world", file)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(problems)) {
			c.say("%s", strings.TrimSuffix(line, "\n"))
		}
		c.say("the lab in %s has the world of %s now", dir, path)
		return nil
	}
	if err := prepareDir(dir); err != nil {
		return err
	}
	held, err := acquire(dir)
	if err != nil {
		return err
	}
	defer held.release()
	s, err := cloud.Open(cloud.Options{Dir: string(dir), World: world})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Replace(world); err != nil {
		return err
	}
	c.say("the lab in %s will start with the world of %s", dir, path)
	return nil
}

func printWorld(out io.Writer, world *cloud.World) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "tenant\t%s\t%s\n", world.Tenant.DisplayName, world.Tenant.ID)
	fmt.Fprintf(w, "subscription\t%s\t%s\n", world.Subscription.DisplayName, world.Subscription.ID)
	for _, c := range world.Clusters {
		fmt.Fprintf(w, "cluster\t%s/%s\t%s\n", c.ResourceGroup, c.Name, world.ClusterID(c))
	}
	fmt.Fprintf(w, "\nWHO\tOBJECT ID\tSIGNS IN WITH (LAB ONLY)\tGROUPS\tROLES\n")
	for _, u := range world.Users {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", u.UPN, u.ID, u.Password, groupNames(world, u.ID), roleNames(world, u.ID))
	}
	for _, p := range world.ServicePrincipals {
		fmt.Fprintf(w, "%s\t%s\tappId %s %s\t%s\t%s\n", p.DisplayName, p.ID, p.AppID, p.Secret, groupNames(world, p.ID), roleNames(world, p.ID))
	}
	fmt.Fprintf(w, "\nGROUP\tOBJECT ID\n")
	for _, g := range world.Groups {
		fmt.Fprintf(w, "%s\t%s\n", g.DisplayName, g.ID)
	}
	return w.Flush()
}

func groupNames(w *cloud.World, id string) string {
	var names []string
	for _, g := range w.TransitiveGroups(id) {
		name, _ := w.PrincipalName(g)
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func roleNames(w *cloud.World, id string) string {
	var names []string
	for _, a := range w.RoleAssignments {
		if strings.EqualFold(a.PrincipalID, id) {
			name := a.RoleID
			if role, ok := w.RoleDefinition(a.RoleID); ok {
				name = strings.Replace(role.RoleName, "Azure Kubernetes Service", "AKS", 1)
			}
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
