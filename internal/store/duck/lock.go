package duck

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/postern-dev/postern/internal/store"
)

// lockHolder finds the process in DuckDB's message of a lock it could not get.
var lockHolder = regexp.MustCompile(`Could not set lock on file(?s:.*?\(PID (\d+)\))?`)

// inUse turns that error into ours, nil if it is another.
func inUse(path string, err error) *store.InUse {
	m := lockHolder.FindStringSubmatch(err.Error())
	if m == nil {
		return nil
	}
	e := &store.InUse{Path: path}
	e.PID, _ = strconv.Atoi(m[1])
	if e.PID > 0 {
		e.What = commandOf(e.PID)
	}
	return e
}

// commandOf is the command a process was started with, "" where that cannot be
// told: its base name and its first words, not its options' values.
func commandOf(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	var words []string
	for i, w := range strings.Split(strings.TrimRight(string(raw), "\x00"), "\x00") {
		switch {
		case i == 0:
			w = w[strings.LastIndexByte(w, '/')+1:]
		case i == 1 && !strings.HasPrefix(w, "-"), w == "--follow":
		default:
			continue
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}
