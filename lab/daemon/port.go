package daemon

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// listen takes a port of 127.0.0.1.
func listen(port int, what, flag string) (*net.TCPListener, error) {
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, hint(fmt.Errorf("listen on 127.0.0.1:%d for %s: the port is in use%s", port, what, owner(port)),
			"choose another with %s N (0 is any free port)", flag)
	case errors.Is(err, syscall.EACCES):
		return nil, hint(fmt.Errorf("listen on 127.0.0.1:%d for %s: not permitted", port, what),
			"choose a port above 1023 with %s N (0 is any free port)", flag)
	}
	return nil, fmt.Errorf("listen for %s: %w", what, err)
}

// owner names the process that listens on a port, as far as /proc shows it.
func owner(port int) string {
	inode := listeningInode(port)
	if inode == "" {
		return ""
	}
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return ""
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != "socket:["+inode+"]" {
			continue
		}
		pid := strings.Split(link, "/")[2]
		name, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
		if err != nil {
			return " by pid " + pid
		}
		return fmt.Sprintf(" by pid %s (%s)", pid, strings.TrimSpace(string(name)))
	}
	return " by a process of another user"
}

// listeningInode looks a listening socket up in the kernel's tables. Their
// columns: number, local address:port in hexadecimal, remote, state, …, inode.
func listeningInode(port int) string {
	const listening = "0A"
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(table)
		if err != nil {
			continue
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			fields := strings.Fields(lines.Text())
			if len(fields) < 10 || fields[3] != listening {
				continue
			}
			_, number, _ := strings.Cut(fields[1], ":")
			if n, err := hex.DecodeString(number); err == nil && len(n) == 2 && int(n[0])<<8|int(n[1]) == port {
				file.Close()
				return fields[9]
			}
		}
		file.Close()
	}
	return ""
}

// portOf is the port of a URL that the lab itself wrote.
func portOf(url string) int {
	_, port, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(url, "https://"), "http://"), ":")
	n, _ := strconv.Atoi(strings.TrimSuffix(port, "/"))
	return n
}
