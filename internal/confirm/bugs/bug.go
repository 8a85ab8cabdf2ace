package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/tools/txtar"
)

// bug is one replacement in one file of package rbac.
type bug struct{ title, file, old, new string }

func read(path string) ([]bug, error) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		return nil, err
	}
	var all []bug
	for _, f := range archive.Files {
		title, file, named := strings.Cut(f.Name, " @ ")
		before, after, parted := strings.Cut(string(f.Data), "\n=>\n")
		if !parted {
			before, parted = strings.CutSuffix(string(f.Data), "\n=>\n")
		}
		if !named || !parted || before == "" {
			return nil, fmt.Errorf("read %s: section %q: want TITLE @ FILE, and old text, a line =>, new text", path, f.Name)
		}
		all = append(all, bug{title, filepath.Join("rbac", file), before, strings.TrimSuffix(after, "\n")})
	}
	return all, nil
}

// planted is the file with the bug in it.
func (b bug) planted() (string, error) {
	text, err := os.ReadFile(b.file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), b.old); n != 1 {
		return "", fmt.Errorf("the text to replace stands in %s %d times, want once: follow the change of %s in this bug", b.file, n, b.file)
	}
	return strings.Replace(string(text), b.old, b.new, 1), nil
}

// judge builds judge with a bug, or none, and returns the first disagreement it
// finds; empty: none.
func judge(ctx context.Context, dir, recording string, b *bug) (string, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "judge")
	args := []string{"build", "-ldflags", "-s -w", "-o", program}
	if b != nil {
		overlay, err := b.overlay(dir)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	if out, err := exec.CommandContext(ctx, "go", append(args, "./internal/confirm/judge")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build judge: %w: %s", err, out)
	}
	defer os.Remove(program)
	out, err := exec.CommandContext(ctx, program, "-most", "1", recording).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 {
		first, _, _ := strings.Cut(string(out), "\n")
		return first, nil
	}
	if err != nil {
		return "", fmt.Errorf("run judge: %w", err)
	}
	return "", nil
}

// overlay writes what go build shall read in place of the file.
func (b bug) overlay(dir string) (string, error) {
	text, err := b.planted()
	if err != nil {
		return "", err
	}
	there, err := filepath.Abs(b.file)
	if err != nil {
		return "", err
	}
	here, path := filepath.Join(dir, filepath.Base(b.file)), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{there: here}})
	if err != nil {
		return "", err
	}
	return path, errors.Join(os.WriteFile(here, []byte(text), 0o600), os.WriteFile(path, replace, 0o600))
}
