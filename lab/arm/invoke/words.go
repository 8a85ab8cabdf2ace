package invoke

import (
	"errors"
	"fmt"
	"strings"
)

// Words splits a command line as a shell does with words, quotes and
// backslashes. What a shell would do beyond that is refused.
func Words(line string) ([]string, error) {
	if i := strings.IndexByte(line, 0); i >= 0 {
		return nil, fmt.Errorf("split command: NUL at %d", i+1)
	}
	var out []string
	var word strings.Builder
	in, quote := false, byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '\'' && c != '\'', quote == '"' && !strings.ContainsRune("\"\\$`", rune(c)):
			word.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\':
			i++
			if i == len(line) {
				return nil, errors.New("split command: nothing follows the last backslash")
			}
			if quote == '"' && !strings.ContainsRune("\"\\$`", rune(line[i])) {
				word.WriteByte('\\')
			}
			word.WriteByte(line[i])
			in = true
		case c == '\'' || c == '"':
			quote, in = c, true
		case c == ' ' || c == '\t':
			if in {
				out = append(out, word.String())
				word.Reset()
			}
			in = false
		case strings.ContainsRune("|&;<>()$`\n\r", rune(c)), !in && c == '#':
			return nil, fmt.Errorf("split command: %q at %d needs a shell, and there is none: give one kubectl command", string(c), i+1)
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("split command: %c without its end", quote)
	}
	if in {
		out = append(out, word.String())
	}
	return out, nil
}

// Check refuses what must not run on the lab's machine.
func Check(words []string) error {
	if len(words) == 0 {
		return errors.New("check command: it is empty")
	}
	if words[0] != "kubectl" {
		return fmt.Errorf("check command: %q is not kubectl, the only command there is", words[0])
	}
	for i, w := range words[1:] {
		if w == "--" {
			return nil // what follows goes to a container, not to kubectl
		}
		name, _, _ := strings.Cut(w, "=")
		switch {
		case strings.HasPrefix(w, "-s"), ownFlag(name):
			return fmt.Errorf("check command: %s is set by the run command itself", name)
		case i == 0 && foldIn(w, "config", "proxy", "port-forward", "plugin", "edit", "attach"):
			return fmt.Errorf("check command: kubectl %s makes no sense in a run command", w)
		}
		switch before := words[i]; {
		case before == "--raw", i >= 1 && words[1] == "auth", inline(before, w):
			continue // paths of the API, not of this machine
		}
		if name == "--raw" {
			continue
		}
		if at := outside(w); at != "" {
			return fmt.Errorf("check command: %q is not among the attached files", at)
		}
	}
	return nil
}

// ownFlag names flags that choose cluster and credential. kubectl takes no
// abbreviations of long flags.
func ownFlag(name string) bool {
	return foldIn(name, "--kubeconfig", "--server", "--token", "--context", "--cluster", "--user", "--username", "--password",
		"--client-certificate", "--client-key", "--certificate-authority", "--insecure-skip-tls-verify", "--tls-server-name",
		"--cache-dir", "--profile", "--profile-output", "--kuberc", "--log-dir", "--log-file")
}

// inline reports a patch or overrides given as JSON after its flag, whose
// paths are JSON pointers.
func inline(before, w string) bool {
	return (before == "-p" || before == "--patch" || before == "--overrides") && w != "" && strings.ContainsRune("{[", rune(w[0]))
}

// outside finds in an argument a path out of the working directory, or a URL.
func outside(arg string) string {
	for _, pre := range []string{"--patch=", "--overrides="} {
		if v, ok := strings.CutPrefix(arg, pre); ok && inline("-p", v) {
			return ""
		}
	}
	if len(arg) > 1 && arg[0] == '-' && arg[1] != '-' {
		if i := strings.IndexAny(arg, "/~."); i > 0 {
			arg = arg[i:] // -f/etc/x, -Rf=../x
		}
	}
	for _, piece := range strings.FieldsFunc(arg, func(r rune) bool { return strings.ContainsRune("=,\"' \t", r) }) {
		if strings.HasPrefix(piece, "/") || strings.HasPrefix(piece, "~") || strings.Contains(piece, "://") {
			return piece
		}
		for _, part := range strings.Split(piece, "/") {
			if part == ".." {
				return piece
			}
		}
	}
	return ""
}

func foldIn(s string, list ...string) bool {
	for _, l := range list {
		if strings.EqualFold(s, l) {
			return true
		}
	}
	return false
}
