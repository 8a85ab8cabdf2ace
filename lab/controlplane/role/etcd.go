package role

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcd serves one member on Unix sockets in the working directory, which is
// closed to other users: no port to collide on, nothing to authenticate.
func etcd(args []string) error {
	flags := flag.NewFlagSet("etcd", flag.ContinueOnError)
	data := flags.String("data-dir", "etcd", "directory of the data")
	socket := flags.String("socket", "etcd.sock", "socket for clients, relative to the working directory")
	if err := flags.Parse(args); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	client := url.URL{Scheme: "unix", Host: *socket}
	// What is advertised must look like host:port even where it names a file.
	// Nobody follows the client's: there is one member.
	advertised := url.URL{Scheme: "unix", Host: "etcd:2379"}
	peer := url.URL{Scheme: "unix", Host: "peer:2380"}
	config := embed.NewConfig()
	config.Name = "lab"
	config.Dir = *data
	config.ListenClientUrls = []url.URL{client}
	config.AdvertiseClientUrls = []url.URL{advertised}
	config.ListenPeerUrls = []url.URL{peer}
	config.AdvertisePeerUrls = []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.LogLevel = "warn"
	// Written pages survive the death of any process; only a crash of the
	// machine could lose the lab's last seconds, and start-up halves.
	config.UnsafeNoFsync = true
	config.AutoCompactionMode = "periodic"
	config.AutoCompactionRetention = "1h"
	server, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer server.Close()
	select {
	case <-server.Server.ReadyNotify():
	case <-server.Server.StopNotify():
		return errors.New("start: member stopped")
	case <-stop:
		return nil
	case <-time.After(time.Minute):
		return errors.New("start: no leader within a minute")
	}
	select {
	case <-stop:
		return nil
	case err := <-server.Err():
		return fmt.Errorf("serve: %w", err)
	case <-server.Server.StopNotify():
		return errors.New("serve: member stopped")
	}
}
