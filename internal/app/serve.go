package app

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"vestibule/internal/config"
)

// How long a client may take, so that slow ones hold no connection for ever
// (ASVS V15.2.2), and how long a stopping node waits for what is under way.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 15 * time.Second
	maxHeader     = 32 << 10
)

// collectLater lets the heap grow to three times what lives before it is
// collected: pages are many and small, and the heap is small too. Whoever set
// GOGC to something else than the usual knows better.
const (
	collectLater = 200
	collectUsual = 100
)

// choreTick is how often a node looks for housekeeping that is due.
const choreTick = 20 * time.Second

// Listen opens the configured address. Where the port was left to the system
// (0), the base URL that was made from it gets the real one.
func Listen(ctx context.Context, c *config.Config) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(c.BaseURL, ":0") {
		if _, port, err := net.SplitHostPort(l.Addr().String()); err == nil {
			c.BaseURL = strings.TrimSuffix(c.BaseURL, "0") + port
		}
	}
	return l, nil
}

// Run serves on l until ctx ends, then stops within stopTimeout: no new
// requests, those under way are answered, messages in hand are settled.
// Certificate is the portal's own; nil serves what the configuration names, or
// plain HTTP.
func (p *Portal) Run(ctx context.Context, l net.Listener, certificate *tls.Certificate) error {
	c := p.o.Config
	server := &http.Server{
		Handler:           p.Handler,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
		TLSConfig:      &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if certificate != nil {
		server.TLSConfig.Certificates = []tls.Certificate{*certificate}
	}
	if set := debug.SetGCPercent(collectLater); set != collectUsual {
		debug.SetGCPercent(set)
	}
	loops, stop := context.WithCancel(ctx)
	defer stop()
	var wait sync.WaitGroup
	wait.Go(func() { p.Outbox.Run(loops) })
	wait.Go(func() { giveBack(loops, p.Passwords.Hasher.Waiting) })
	wait.Go(func() {
		tick := time.NewTicker(choreTick)
		defer tick.Stop()
		p.Chores.Tick = tick.C
		p.Chores.Run(loops)
	})
	closeMetrics, err := p.metrics.listen(ctx, c.Metrics)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	failed := make(chan error, 1)
	go func() {
		switch {
		case certificate != nil:
			failed <- server.ServeTLS(l, "", "")
		case c.TLS.Certificate != "":
			failed <- server.ServeTLS(l, c.TLS.Certificate, c.TLS.Key)
		default:
			failed <- server.Serve(l)
		}
	}()
	select {
	case err = <-failed:
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err = server.Shutdown(grace); errors.Is(err, context.DeadlineExceeded) {
			err = server.Close()
		}
	}
	stop()
	wait.Wait()
	closeMetrics()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}
