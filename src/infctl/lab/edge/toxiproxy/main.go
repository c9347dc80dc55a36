// Command edge is a region's edge proxy: Toxiproxy, whose proxies come from a file, whose API is a
// unix socket of its owner's instead of a port, and which knows one more toxic, silence.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"
)

func main() {
	socket := flag.String("socket", "", "where the API listens")
	proxies := flag.String("proxies", "", "a JSON file: a list of name, listen, upstream")
	flag.Parse()
	if err := serve(*socket, *proxies); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(socket, proxies string) error {
	// Connections that end are no news; Toxiproxy tells each of them below this level.
	log.Logger = zerolog.New(os.Stderr).Level(zerolog.ErrorLevel).With().Timestamp().Logger()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), log.Logger)
	file, err := os.Open(proxies)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := server.Collection.PopulateJson(server, file); err != nil {
		return err
	}
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	syscall.Umask(0o177)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	api := &http.Server{Handler: server.Routes(), ReadTimeout: 15 * time.Second}
	return api.Serve(listener)
}
