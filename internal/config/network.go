package config

import (
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"strings"
)

func (c *Config) addresses(add complain) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return // said already
	}
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		add("tls.certificate", "a certificate and its key come together.", "Set both tls.certificate and tls.key, or neither.")
	}
	for option, name := range map[string]string{"tls.certificate": c.TLS.Certificate, "tls.key": c.TLS.Key} {
		if name != "" && !readable(name) {
			add(option, "the file "+name+" cannot be read.", "Name a PEM file that this user may read.")
		}
	}
	served := "http"
	if c.TLS.Certificate != "" {
		served = "https"
	}
	if c.BaseURL == "" {
		if !Loopback(host) {
			add("base_url", "is needed when the portal listens beyond loopback.", "Set the address that people type, as in https://portal.example.com.")
			return
		}
		c.BaseURL = served + "://" + net.JoinHostPort(host, port)
	}
	u, err := url.Parse(strings.TrimRight(c.BaseURL, "/"))
	if err != nil || u.Host == "" {
		return // said already
	}
	c.BaseURL = u.String()
	switch {
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		add("base_url", "has more than scheme and host.", "Give the portal a host name of its own: https://portal.example.com.")
	case u.Scheme == "http" && !Loopback(u.Hostname()):
		add("base_url", "begins with http and is not loopback: passwords would travel unprotected.", "Use https, with tls.certificate and tls.key or behind a proxy that serves it.")
	case u.Scheme == "http" && served == "https":
		add("base_url", "begins with http, but the portal serves https.", "Write it with https.")
	case u.Scheme == "https" && served == "http" && len(c.TrustedProxies) == 0:
		c.notes = append(c.notes, "base_url is https and the portal serves http: name the proxy in between in trusted_proxies, else every visitor seems to come from its address.")
	}
	if c.Metrics != "" {
		if host, _, err := net.SplitHostPort(c.Metrics); err == nil && !Loopback(host) {
			add("metrics.listen", "would show the metrics to the network.", "Use a loopback address, as in 127.0.0.1:9090.")
		}
		if c.Metrics == c.Listen {
			add("metrics.listen", "is the portal's own address.", "Use another port.")
		}
	}
}

func (c *Config) sending(add complain) {
	if c.Outbox == "" {
		c.Outbox = "hold"
		if c.SMTP.Host != "" {
			c.Outbox = "send"
		}
	}
	m := c.SMTP
	switch {
	case m.Host == "" && c.Outbox == "send":
		add("outbox.mode", "is send, but there is no mail server.", "Set smtp.host and smtp.from, or use hold.")
	case m.Host == "":
		c.notes = append(c.notes, "Messages are held, not sent: set smtp.host and smtp.from to send them. `vestibule outbox list` shows them.")
	case m.From == "":
		add("smtp.from", "is needed with smtp.host.", "Set the sender's address, as in portal@example.com.")
	case c.Outbox == "hold":
		c.notes = append(c.notes, "Messages are held, not sent, because outbox.mode is hold.")
	}
	if m.Host != "" && m.Security == "none" && !Loopback(m.Host) {
		add("smtp.security", "is none, and the mail server is not on this machine: letters with links would travel unprotected.", "Use starttls or tls.")
	}
	if m.User != "" && m.Password == "" {
		add("smtp.password", "is needed with smtp.user.", "Set VESTIBULE_SMTP_PASSWORD_FILE to a file that holds it.")
	}
	if m.CA != "" {
		if pem, err := os.ReadFile(m.CA); err != nil || !x509.NewCertPool().AppendCertsFromPEM(pem) {
			add("smtp.ca", "holds no certificate that can be read.", "Name a PEM file with the certificate of the server's authority.")
		}
	}
	for i, prefix := range []string{"sms", "sms_second"} {
		c.SMS[i].check(prefix, add)
	}
	if c.SMS[1].Preset != "" && c.SMS[0].Preset == "" {
		add("sms_second.preset", "names a second provider without a first.", "Set it up as sms instead.")
	}
	if c.SMS[0].Preset == "" && c.Outbox == "send" {
		c.notes = append(c.notes, "No SMS provider is set: staff have to release the SMS step of each registration. Set sms.preset to send codes.")
	}
}

func (s SMS) check(prefix string, add complain) {
	need := func(option, v string) {
		if v == "" {
			add(prefix+"."+option, "is needed with "+prefix+".preset "+s.Preset+".", "Set it as your provider says.")
		}
	}
	switch s.Preset {
	case "":
		if s != (SMS{}) {
			add(prefix+".preset", "is empty, but other options of the provider are set.", "Say what it speaks: kannel, json, template or twilio.")
		}
	case "twilio":
		need("user", s.User)
		need("password", s.Password)
		need("from", s.From)
	case "kannel":
		need("url", s.URL)
		need("user", s.User)
		need("password", s.Password)
	case "template":
		need("url", s.URL)
		if !strings.Contains(s.URL+s.Body, "{to}") || !strings.Contains(s.URL+s.Body, "{text}") {
			add(prefix+".url", "and the body have no place for the number or the text.", "Put {to} and {text} into one of them.")
		}
	default:
		need("url", s.URL)
	}
}
