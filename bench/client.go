package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A client is one kept connection that speaks just enough HTTP/1.1 to a server we
// know. It is light on purpose: client and server share the processor.
type client struct {
	addr string
	conn net.Conn
	r    *bufio.Reader
	out  []byte
	body bytes.Buffer

	discard bool // bodies are read and not kept
}

func newClient(addr string) *client { return &client{addr: addr} }

// A request is what is sent, but for the cookies.
type request struct {
	head    []byte // request line and headers, without the empty line
	body    []byte
	cookie  string
	address string // X-Forwarded-For: as if a proxy brought somebody from there
}

// browser is what every browser sends, so that the server has it to read.
const browser = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\n" +
	"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"

func newRequest(method, path string) *request {
	return &request{head: []byte(method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + browser)}
}

// post is a form as a browser sends it.
func post(path string, form url.Values) *request {
	r := newRequest("POST", path)
	r.body = []byte(form.Encode())
	r.head = append(r.head, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "+strconv.Itoa(len(r.body))+"\r\n"...)
	return r
}

// An answer is what came back. Its body is good until the next request.
type answer struct {
	status     int
	location   string
	kind       string // content type
	encoding   string
	retryAfter string
	cookies    []string // "name=value"
	body       []byte
}

const patience = 30 * time.Second

// do sends a request and reads the whole answer. A kept connection that the server
// has closed meanwhile is opened again once.
func (c *client) do(q *request) (*answer, error) {
	fresh := c.conn == nil
	a, err := c.try(q)
	if err != nil && !fresh && (errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed)) {
		a, err = c.try(q)
	}
	return a, err
}

func (c *client) try(q *request) (*answer, error) {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.addr, patience)
		if err != nil {
			return nil, err
		}
		c.conn, c.r = conn, bufio.NewReaderSize(conn, 32<<10)
	}
	c.out = append(c.out[:0], q.head...)
	if q.cookie != "" {
		c.out = append(append(append(c.out, "Cookie: "...), q.cookie...), "\r\n"...)
	}
	if q.address != "" {
		c.out = append(append(append(c.out, "X-Forwarded-For: "...), q.address...), "\r\n"...)
	}
	c.out = append(append(c.out, "\r\n"...), q.body...)
	a, err := c.exchange()
	if err != nil {
		c.close()
	}
	return a, err
}

func (c *client) exchange() (*answer, error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(c.out); err != nil {
		return nil, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	a := &answer{}
	if len(line) < 12 {
		return nil, fmt.Errorf("status line %q", line)
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return nil, fmt.Errorf("status line %q", line)
	}
	length, chunked, closing, err := c.headers(a)
	if err != nil {
		return nil, err
	}
	c.body.Reset()
	switch {
	case chunked:
		err = c.chunks()
	case length > 0 && c.discard:
		_, err = io.CopyN(io.Discard, c.r, length)
	case length > 0:
		_, err = io.CopyN(&c.body, c.r, length)
	}
	a.body = c.body.Bytes()
	if closing {
		c.close()
	}
	return a, err
}

func (c *client) headers(a *answer) (length int64, chunked, closing bool, err error) {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, false, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, chunked, closing, nil
		}
		i := bytes.IndexByte(line, ':')
		if i < 0 {
			continue
		}
		name, value := line[:i], bytes.TrimSpace(line[i+1:])
		switch string(name) { // net/http writes names in canonical form
		case "Content-Length":
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return 0, false, false, err
			}
		case "Transfer-Encoding":
			chunked = string(value) == "chunked"
		case "Connection":
			closing = string(value) == "close"
		case "Location":
			a.location = string(value)
		case "Content-Type":
			a.kind = string(value)
		case "Content-Encoding":
			a.encoding = string(value)
		case "Retry-After":
			a.retryAfter = string(value)
		case "Set-Cookie":
			pair, _, _ := strings.Cut(string(value), ";")
			a.cookies = append(a.cookies, pair)
		}
	}
}

func (c *client) chunks() error {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err = io.CopyN(&c.body, c.r, n); err != nil {
			return err
		}
		if _, err = c.r.Discard(2); err != nil || n == 0 {
			return err
		}
	}
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close() // nothing is lost with it
		c.conn = nil
	}
}

// A visitor is somebody with a browser: it keeps cookies and follows redirects.
type visitor struct {
	*client
	address string
	jar     map[string]string
	trace   []exchange
	tracing bool
}

// An exchange is one request of a journey, for its floor.
type exchange struct {
	method string
	status int
	bytes  int
	kind   string
}

func newVisitor(addr, address string) *visitor {
	return &visitor{client: newClient(addr), address: address, jar: map[string]string{}}
}

func (v *visitor) send(q *request) (*answer, error) {
	q.address = v.address
	var pairs []string
	for name, value := range v.jar {
		pairs = append(pairs, name+"="+value)
	}
	q.cookie = strings.Join(pairs, "; ")
	a, err := v.do(q)
	if err != nil {
		return nil, err
	}
	for _, pair := range a.cookies {
		name, value, _ := strings.Cut(pair, "=")
		if value == "" {
			delete(v.jar, name)
		} else {
			v.jar[name] = value
		}
	}
	if v.tracing {
		method, _, _ := strings.Cut(string(q.head[:8]), " ")
		v.trace = append(v.trace, exchange{method, a.status, len(a.body), a.kind})
	}
	return a, nil
}

// get asks for a page and goes where it is sent, at most five times.
func (v *visitor) get(path string) (*answer, error) {
	for range 5 {
		a, err := v.send(newRequest("GET", path))
		if err != nil || a.status < 300 || a.status > 399 {
			return a, err
		}
		path = local(a.location)
	}
	return nil, fmt.Errorf("too many redirects, the last to %s", path)
}

// submit posts a form and shows the page that it leads to. Anything but a
// redirect is an error that says what the page says.
func (v *visitor) submit(path string, form url.Values) (*answer, error) {
	a, err := v.send(post(path, form))
	if err != nil {
		return nil, err
	}
	if a.status != 303 {
		return nil, fmt.Errorf("POST %s: %d: %s", path, a.status, said(a.body))
	}
	return v.get(local(a.location))
}

func local(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return "/"
	}
	return u.RequestURI()
}
