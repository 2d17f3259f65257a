package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"golang.org/x/crypto/argon2"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"vestibule/internal/db"
)

// The floors. Each is what somebody who knows nothing of portals, and wants to
// spend nothing, would write for the same bytes on the wire:
//
//	bare     answers every request with the same page
//	indexed  takes the id from the session cookie, reads that row, answers the page
//	keyed    reads the key in the JSON body, reads its row, answers the page
//	journey  the pages of a whole journey by number: a GET reads a row and answers
//	         the page, a POST reads its form, writes a row durably and redirects
//	argon    hashes as often as asked, one after the other
//	commit   inserts rows, each in a transaction of its own, as many as asked
//	file     sends a file
//	start    opens a database, then answers "ok"
type floorOptions struct {
	listen   string
	pages    string // folder: 0, 1, 2 … each with a type in the first line; of file: the file
	database string
	query    string
}

func serveFloor(kind string, o floorOptions) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	f := &floorServer{o: o}
	var err error
	var serve http.HandlerFunc
	switch kind {
	case "bare":
		serve, err = f.bare, f.loadPages()
	case "indexed":
		serve, err = f.indexed, errors.Join(f.loadPages(), f.open(ctx, true))
	case "keyed":
		serve, err = f.keyed, errors.Join(f.loadPages(), f.open(ctx, true))
	case "journey":
		serve, err = f.journey, errors.Join(f.loadPages(), f.open(ctx, false))
	case "argon":
		serve = f.argon
	case "commit":
		serve, err = f.commit, f.open(ctx, false)
	case "file":
		serve = f.file
	case "start":
		serve, err = f.ok, f.open(ctx, false)
	default:
		return fmt.Errorf("there is no floor %q", kind)
	}
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ready", f.ok)
	mux.HandleFunc("/", serve)
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		<-ctx.Done()
		_ = s.Close() // the process ends with it
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type page struct {
	kind string
	body []byte
}

type floorServer struct {
	o     floorOptions
	pages []page
	db    *sql.DB
	read  *sql.Stmt
	write *sql.Stmt
}

// savePages writes the pages of a floor where loadPages finds them.
func savePages(dir string, pages []page) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i, p := range pages {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), append([]byte(p.kind+"\n"), p.body...), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (f *floorServer) loadPages() error {
	for i := 0; ; i++ {
		text, err := os.ReadFile(filepath.Join(f.o.pages, strconv.Itoa(i)))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		kind, body, _ := strings.Cut(string(text), "\n")
		f.pages = append(f.pages, page{kind, []byte(body)})
	}
}

// open opens the database as durably as the portal does, and prepares what the
// floor asks of it.
func (f *floorServer) open(ctx context.Context, readOnly bool) error {
	driver, dsn := "pgx", f.o.database
	if !db.IsPostgresURL(dsn) {
		driver = "sqlite"
		dsn = "file:" + (&url.URL{Path: f.o.database}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-2000)"
	}
	var err error
	if f.db, err = sql.Open(driver, dsn); err != nil {
		return err
	}
	f.db.SetMaxOpenConns(4)
	if driver == "pgx" {
		f.db.SetMaxOpenConns(20)
	}
	f.db.SetMaxIdleConns(20)
	if err := f.db.PingContext(ctx); err != nil {
		return err
	}
	if !readOnly {
		if driver == "sqlite" {
			f.db.SetMaxOpenConns(1) // SQLite has one writer
		}
		if _, err := f.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS floor_row (id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL)`); err != nil {
			return err
		}
		if f.write, err = f.db.PrepareContext(ctx, `INSERT INTO floor_row (id, body) VALUES ($1, $2)`); err != nil {
			return err
		}
	}
	if f.o.query != "" {
		f.read, err = f.db.PrepareContext(ctx, f.o.query)
	}
	return err
}

func (f *floorServer) ok(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }

func (f *floorServer) page(w http.ResponseWriter, p page) {
	w.Header().Set("Content-Type", p.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(p.body)))
	_, _ = w.Write(p.body) // who went away needs no answer
}

func (f *floorServer) file(w http.ResponseWriter, r *http.Request) {
	file, err := os.Open(f.o.pages)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	defer func() { _ = file.Close() }()
	http.ServeContent(w, r, "", time.Time{}, file)
}

func (f *floorServer) bare(w http.ResponseWriter, _ *http.Request) { f.page(w, f.pages[0]) }

// lookUp reads the row that the first cookie names.
func (f *floorServer) lookUp(r *http.Request) error {
	cookies := r.Cookies()
	if len(cookies) == 0 {
		return errors.New("no cookie")
	}
	id, _, _ := strings.Cut(cookies[0].Value, ".")
	var a, b string
	return f.read.QueryRowContext(r.Context(), id).Scan(&a, &b)
}

func (f *floorServer) indexed(w http.ResponseWriter, r *http.Request) {
	if err := f.lookUp(r); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	f.page(w, f.pages[0])
}

// keyed reads the row of the key in the body.
func (f *floorServer) keyed(w http.ResponseWriter, r *http.Request) {
	var in struct{ Key string }
	err := json.NewDecoder(r.Body).Decode(&in)
	if err == nil {
		var a, b string
		err = f.read.QueryRowContext(r.Context(), in.Key).Scan(&a, &b)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.page(w, f.pages[0])
}

func (f *floorServer) journey(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Path[1:])
	if err != nil || n >= len(f.pages) {
		http.NotFound(w, r)
		return
	}
	if err := f.lookUp(r); err != nil && !errors.Is(err, sql.ErrNoRows) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if r.Method == http.MethodGet {
		f.page(w, f.pages[n])
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, err := f.write.ExecContext(r.Context(), r.PostForm.Get("floor-id"), r.PostForm.Encode()); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Location", "/")
	w.WriteHeader(http.StatusSeeOther)
}

func (f *floorServer) argon(_ http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	for range n {
		argon2.IDKey([]byte("correct horse battery staple"), []byte("sixteen bytes ok"), 2, 19456, 1, 32)
	}
}

// commit answers with the nanoseconds that the commits took.
func (f *floorServer) commit(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	from, body := r.URL.Query().Get("from"), strings.Repeat("x", 500)
	at := time.Now()
	for i := range n {
		if _, err := f.write.ExecContext(r.Context(), from+"-"+strconv.Itoa(i), body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	_, _ = w.Write([]byte(strconv.FormatInt(time.Since(at).Nanoseconds(), 10)))
}
