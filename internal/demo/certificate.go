package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"vestibule/internal/secret"
)

// chance reads from a Source, for makers of keys.
type chance struct{ src secret.Source }

// Read implements io.Reader.
func (c chance) Read(p []byte) (int, error) { return copy(p, c.src.Bytes(len(p))), nil }

// certificateLife is how long the demo's own certificate is good.
const certificateLife = 365 * 24 * time.Hour

// Certificate is the demo's own, made once and kept in the folder: browsers
// warn of it, and what travels is protected all the same.
func Certificate(folder, host string, src secret.Source, now time.Time) (tls.Certificate, error) {
	certFile, keyFile := filepath.Join(folder, "demo-certificate.pem"), filepath.Join(folder, "demo-key.pem")
	kept, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err == nil && kept.Leaf.VerifyHostname(host) == nil && now.Before(kept.Leaf.NotAfter) {
		return kept, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tls.Certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), chance{src})
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(src.Bytes(16)), Subject: pkix.Name{CommonName: "Vestibule demo"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = append(template.IPAddresses, ip)
	} else {
		template.DNSNames = append(template.DNSNames, host)
	}
	der, err := x509.CreateCertificate(chance{src}, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	if err := errors.Join(os.WriteFile(certFile, certPEM, 0o600), os.WriteFile(keyFile, keyPEM, 0o600)); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}
