package main

import (
	"os"

	"github.com/postern-dev/postern/lab/controlplane/role"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "role" {
		os.Exit(role.Main(os.Args[2:]))
	}
}
