package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// smsSink is an SMS provider that keeps the last code for each number.
type smsSink struct {
	addr   string
	server *http.Server
	taken  atomic.Int64

	mu    sync.Mutex
	codes map[string]chan string
}

var (
	inDigits = regexp.MustCompile(`\+[0-9]{7,15}`)
	aCode    = regexp.MustCompile(`\b[0-9]{6}\b`)
)

func newSMSSink() (*smsSink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &smsSink{addr: l.Addr().String(), codes: map[string]chan string{}}
	s.server = &http.Server{Handler: http.HandlerFunc(s.take), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(l) }() // it ends by close
	return s, nil
}

// take does not care how the provider's words are arranged: the number is what
// looks like one, and so is the code.
func (s *smsSink) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.taken.Add(1)
	number := inDigits.Find(body)
	code := aCode.Find(inDigits.ReplaceAll(body, nil))
	if number != nil && code != nil {
		c := s.channel(string(number))
		select { // only the newest code is of use
		case <-c:
		default:
		}
		c <- string(code)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"status":"accepted"}`))
}

func (s *smsSink) channel(number string) chan string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codes[number] == nil {
		s.codes[number] = make(chan string, 1)
	}
	return s.codes[number]
}

// code waits for the code that is sent to a number.
func (s *smsSink) code(number string) (string, error) {
	select {
	case code := <-s.channel(number):
		return code, nil
	case <-time.After(patience):
		return "", fmt.Errorf("no SMS came to %s", number)
	}
}

func (s *smsSink) close() { _ = s.server.Close() }

// smtpSink is a mail server that takes everything and keeps nothing.
type smtpSink struct {
	addr   string
	server *smtp.Server
	taken  atomic.Int64
}

func newSMTPSink() (*smtpSink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &smtpSink{addr: l.Addr().String()}
	s.server = smtp.NewServer(s)
	s.server.Domain = "localhost"
	go func() {
		if err := s.server.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			panic(err) // the sink is the bench's own: without it the row means nothing
		}
	}()
	return s, nil
}

// NewSession implements smtp.Backend.
func (s *smtpSink) NewSession(*smtp.Conn) (smtp.Session, error) { return smtpSession{s}, nil }

type smtpSession struct{ sink *smtpSink }

func (smtpSession) Mail(string, *smtp.MailOptions) error { return nil }
func (smtpSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (smtpSession) Reset()                               {}
func (smtpSession) Logout() error                        { return nil }

func (m smtpSession) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	m.sink.taken.Add(1)
	return err
}

func (s *smtpSink) close() { _ = s.server.Close() }
