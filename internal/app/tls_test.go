package app_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http/httptest"
	"testing"

	"vestibule/internal/app"
)

// asvs: V12.1.1 V12.1.2 V11.6.2
func TestThePortalSpeaksOnlyTLSThatIsStillGood(t *testing.T) {
	lent := httptest.NewTLSServer(nil) // for its certificate alone
	certificate := lent.TLS.Certificates[0]
	roots := x509.NewCertPool()
	roots.AddCert(lent.Certificate())
	lent.Close()
	c := load(t, t.TempDir(), "VESTIBULE_LISTEN=127.0.0.1:0")
	l, err := app.Listen(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	p := build(t, app.Options{Config: c, Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx, l, &certificate) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	for _, one := range []struct {
		name   string
		lowest uint16
		most   uint16
		suites []uint16
		taken  bool
	}{
		{"TLS 1.0", tls.VersionTLS10, tls.VersionTLS10, nil, false},
		{"TLS 1.1", tls.VersionTLS11, tls.VersionTLS11, nil, false},
		{"TLS 1.2", tls.VersionTLS12, tls.VersionTLS12, nil, true},
		{"TLS 1.3", tls.VersionTLS12, tls.VersionTLS13, nil, true},
		{"RC4", tls.VersionTLS12, tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA}, false},
		{"3DES", tls.VersionTLS12, tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}, false},
		{"no forward secrecy", tls.VersionTLS12, tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}, false},
	} {
		d := tls.Dialer{Config: &tls.Config{ServerName: "example.com", RootCAs: roots, MinVersion: one.lowest, MaxVersion: one.most, CipherSuites: one.suites}}
		conn, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if (err == nil) != one.taken {
			t.Errorf("%s: %v", one.name, err)
		}
		if err != nil {
			continue
		}
		if got := conn.(*tls.Conn).ConnectionState().Version; got != one.most {
			t.Errorf("%s: version %x was chosen", one.name, got)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}
