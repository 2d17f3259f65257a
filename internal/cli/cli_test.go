package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/app"
	"vestibule/internal/carrier"
	"vestibule/internal/config"
	"vestibule/internal/db"
	"vestibule/internal/outbox"
)

// An installation is a folder with a database, and a command line that works on it.
type installation struct {
	t    *testing.T
	data string
	file string
	env  config.Environment
}

func install(t *testing.T, lines ...string) *installation {
	t.Helper()
	dir := t.TempDir()
	i := &installation{t: t, data: filepath.Join(dir, "data"), file: filepath.Join(dir, "vestibule.toml")}
	i.env = config.Environment{"VESTIBULE_DATA=" + i.data, "VESTIBULE_LOG_LEVEL=error"}
	i.write(i.file, strings.Join(lines, "\n"))
	return i
}

func (i *installation) write(name, text string) string {
	i.t.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(i.file), name)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
	return name
}

// run runs a command on the installation.
func (i *installation) run(args ...string) (code int, out, errOut string) {
	i.t.Helper()
	return i.with(i.t.Context(), "", args...)
}

func (i *installation) with(ctx context.Context, in string, args ...string) (code int, out, errOut string) {
	i.t.Helper()
	var o, e bytes.Buffer
	code = run(&session{ctx: ctx, in: strings.NewReader(in), out: &o, err: &e, env: i.env}, args)
	return code, o.String(), e.String()
}

// configured adds the installation's file to a command.
func (i *installation) configured(args ...string) []string { return append(args, "--config", i.file) }

func (i *installation) want(code int, says string, args ...string) string {
	i.t.Helper()
	got, out, errOut := i.run(i.configured(args...)...)
	if got != code || !strings.Contains(out+errOut, says) {
		i.t.Errorf("%s: code %d, want %d and %q:\n%s%s", strings.Join(args, " "), got, code, says, out, errOut)
	}
	return out
}

func TestHelpVersionAndMistakesEndWithTheirCodes(t *testing.T) {
	i := install(t)
	for _, one := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitDone, "Usage: vestibule"},
		{[]string{"--help"}, exitDone, "doctor"},
		{[]string{"version"}, exitDone, "vestibule "},
		{[]string{"sevre"}, exitUsage, "See `vestibule --help`"},
		{[]string{"serve", "--listen", "x"}, exitUsage, "unknown flag"},
		{[]string{"config", "describe"}, exitDone, "VESTIBULE_SMTP_PASSWORD_FILE"},
		{[]string{"config", "describe", "--markdown"}, exitDone, "| `base_url` |"},
		{[]string{"serve", "--config", filepath.Join(t.TempDir(), "none.toml")}, exitUsage, "cannot be read"},
	} {
		code, out, errOut := i.run(one.args...)
		if code != one.code || !strings.Contains(out+errOut, one.says) {
			t.Errorf("%v: %d, %s%s", one.args, code, out, errOut)
		}
	}
}

func TestABrokenConfigurationIsToldWholeBeforeAnythingIsOpened(t *testing.T) {
	i := install(t, `policy = "strict"`, `base_url = "http://portal.example.com"`)
	for _, command := range [][]string{{"config", "check"}, {"serve"}, {"migrate"}, {"doctor"}, {"audit", "verify"}, {"outbox", "list"}} {
		code, _, errOut := i.run(i.configured(command...)...)
		if code != exitUsage || strings.Count(errOut, "\n") != 3 || !strings.Contains(errOut, "one of guide, nist") {
			t.Errorf("%v: %d\n%s", command, code, errOut)
		}
	}
	if _, err := os.Stat(i.data); !os.IsNotExist(err) {
		t.Errorf("a broken configuration made the data folder: %v", err)
	}
}

// asvs: V6.3.2
func TestAnOperatorSetsUpAndLooksAfterAnInstallation(t *testing.T) {
	i := install(t, "[product]", `name = "Example Add-On"`, `prefix = "EXA"`, "[vendor]", `support_email = "help@example.com"`)
	i.want(exitDone, "held, not sent", "config", "check")
	i.want(exitDone, "is not there yet", "doctor")
	i.want(exitDone, "which is what this version needs", "migrate")
	i.want(exitDone, "No staff yet", "staff", "list")
	i.want(exitUsage, "there is no role", "staff", "add", "ines@example.com", "--first", "Ines", "--last", "Duarte", "--role", "king")
	out := i.want(exitDone, "/office/enrol/", "staff", "add", "ines@example.com", "--first", "Ines", "--last", "Duarte", "--role", "administrator")
	if !strings.Contains(out, "iduarte") {
		t.Errorf("the UserID is not told: %s", out)
	}
	i.want(exitDone, "iduarte", "staff", "list")
	i.want(exitFailed, "`vestibule staff reset iduarte`", "staff", "add", "Ines@example.com", "--first", "Ines", "--last", "Duarte", "--role", "approver")
	i.want(exitFailed, "nobody of the staff", "staff", "reset", "nobody")
	i.want(exitFailed, "nobody of the staff", "staff", "remove", "nobody")
	i.want(exitFailed, "nobody of the staff", "staff", "roles", "nobody", "--role", "auditor")
	i.want(exitDone, "signed out", "staff", "roles", "iduarte", "--role", "administrator", "--role", "approver")
	i.want(exitDone, "/office/enrol/", "staff", "reset", "iduarte")
	i.want(exitDone, "No such messages", "outbox", "list")
	i.want(exitFailed, "there is no message", "outbox", "show", "01")
	i.want(exitFailed, "there is no message", "outbox", "retry", "01")
	i.want(exitFailed, "there is no message", "outbox", "drop", "01")
	i.want(exitDone, "all as they were written", "audit", "verify")
	i.want(exitFound, "no administrator has set the account up", "doctor", "--offline")
}

func TestImportTellsEachBadLineAndTakesTheOthers(t *testing.T) {
	i := install(t)
	table := i.write("clients.csv", "record,reference,name,country\norganization,C-1,One Ltd,GB\norganization,C-2,Two Ltd,Britain\n")
	trial := i.want(exitFound, "Nothing was changed", "import", "--dry-run", table)
	if !strings.Contains(trial, "organization      1 new") {
		t.Errorf("dry run: %s", trial)
	}
	i.want(exitFound, "clients.csv:3: country: That is no country. Write its two letters", "import", table)
	i.want(exitFound, "1 known already", "import", table)
	i.want(exitFailed, "no such file", "import", "nowhere.csv")
	code, out, errOut := i.with(t.Context(), "record,reference,name\norganization,C-3,Three\n", i.configured("import", "-")...)
	if code != exitDone || !strings.Contains(out, "1 new") {
		t.Errorf("standard input: %d %s%s", code, out, errOut)
	}
	code, _, errOut = i.with(t.Context(), "colour\nred\n", i.configured("import", "-")...)
	if code != exitFailed || !strings.Contains(errOut, "There is no column “colour”") {
		t.Errorf("no table: %d %s", code, errOut)
	}
}

func TestImportOfAccountsTellsEveryLineAndGoesOn(t *testing.T) {
	i := install(t)
	table := i.write("people.csv", "user_id,email,first_name,last_name,password_hash,state\nada,ada@example.com,Ada,Prior,,\n=ben,ben@example.com,Ben,Fane,{SHA}x,active\n")
	trial := i.want(exitFound, "Nothing was changed", "import", "accounts", "--dry-run", table)
	for _, says := range []string{"people.csv:2: make ada", "2 lines: 1 new, 0 known already, 1 refused", "This was a dry run."} {
		if !strings.Contains(trial, says) {
			t.Errorf("dry run lacks %q: %s", says, trial)
		}
	}
	report := filepath.Join(filepath.Dir(table), "report.csv")
	i.want(exitFound, "people.csv:3: password_hash: This hash has no salt", "import", "accounts", table, "--report", report)
	told, err := os.ReadFile(report)
	if err != nil || !strings.HasPrefix(string(told), "line,user_id,result,column,reason\n2,ada,make,,\n3,'=ben,refuse,password_hash,") {
		t.Errorf("report: %v\n%s", err, told)
	}
	if info, err := os.Stat(report); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the report: %v %v", info.Mode(), err)
	}
	i.want(exitFound, "0 new, 1 known already, 1 refused", "import", "accounts", table)
	i.want(exitDone, "1 new", "import", "accounts", i.write("more.jsonl", `{"user_id": "cy", "email": "cy@example.com", "first_name": "Cy", "last_name": "Roe"}`))
	i.want(exitFailed, "The column “first_name” is missing", "import", "accounts", i.write("few.csv", "user_id,email\n"))
	i.want(exitFailed, "no such file", "import", "accounts", "nowhere.csv")
	i.want(exitUsage, "add --format csv", "import", "accounts", "-")
	_, _, several := i.with(t.Context(), "", i.configured("import", "accounts", "--dry-run", i.write("several.csv", "user_id,email,first_name,last_name,language\nx y z,bad id@x,Bad,,yes\n"))...)
	for _, says := range []string{"several.csv:2: last_name: ", "would be refused: 1. Correct these lines before", "several.csv:2: email: ", "several.csv:2: user_id: ", "several.csv:2: language: "} {
		if !strings.Contains(several, says) {
			t.Errorf("lacks %q: %s", says, several)
		}
	}
	code, out, errOut := i.with(t.Context(), "user_id,email,first_name,last_name\ndi,di@example.com,Di,Roe\n", i.configured("import", "accounts", "-", "--format", "csv")...)
	if code != exitDone || !strings.Contains(out, "1 new") {
		t.Errorf("standard input: %d %s%s", code, out, errOut)
	}
}

func TestProgressSaysHowFarAndHowLong(t *testing.T) {
	p := newProgress(&bytes.Buffer{}, &counted{n: 25}, 100)
	p.begun = p.begun.Add(-10 * time.Second)
	p.lines = 12_345
	if got := p.String(); !strings.HasPrefix(got, "[#######.......................]  25 %  12,345 lines, 1,234 a second, 30s to go") {
		t.Errorf("got %s", got)
	}
	p.size = 0
	if got := p.String(); got != "12,345 lines, 1,234 a second" {
		t.Errorf("without a size: %s", got)
	}
	var out bytes.Buffer
	p = newProgress(&out, &counted{n: 1}, 4)
	p.terminal, p.last = true, p.last.Add(-time.Second)
	for range 100 {
		p.step()
	}
	p.above("people.csv:7: wrong\n")
	p.end()
	if got := out.String(); strings.Count(got, "\r\x1b[K") != 2 || !strings.HasSuffix(got, "\r\x1b[Kpeople.csv:7: wrong\n") {
		t.Errorf("%q", got)
	}
}

func TestAMessageThatCannotBeChangedIsToldAsItStands(t *testing.T) {
	i := install(t)
	id := ""
	c, err := config.Load(i.file, i.env)
	if err != nil {
		t.Fatal(err)
	}
	p, err := app.New(t.Context(), app.Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.DB.Write(t.Context(), func(tx *db.Tx) error {
		if err := p.Outbox.Add(tx, outbox.Message{Channel: carrier.Email, Kind: "request-received", To: "nia@example.com", Subject: "s", Text: "t"}); err != nil {
			return err
		}
		all, err := p.Outbox.List(tx, outbox.Filter{})
		if len(all) == 1 {
			id = all[0].ID
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	i.want(exitFailed, "is held, since", "outbox", "retry", id)
	i.want(exitDone, "is dropped", "outbox", "drop", id)
	i.want(exitFailed, "is dropped already", "outbox", "drop", id)
	i.want(exitFailed, "is dropped already", "outbox", "retry", id)
}

func TestDoctorNamesEachTroubleWithItsNextStep(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil { // nobody answers there now
		t.Fatal(err)
	}
	i := install(t, "[smtp]", `host = "`+host+`"`, "port = "+port, `from = "portal@example.com"`, `security = "none"`,
		"[sms]", `preset = "kannel"`, `url = "http://`+host+":"+port+`/cgi-bin/sendsms"`, `user = "a"`, `password = "b c d"`)
	i.want(exitDone, "", "migrate")
	i.want(exitDone, "", "import", i.write("none.csv", "record\n"))
	if err := os.Chmod(filepath.Join(i.data, "keys.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(i.data, 0o755); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := i.run(i.configured("doctor")...)
	if code != exitFound {
		t.Fatalf("code %d: %s%s", code, out, errOut)
	}
	for _, says := range []string{
		"FAIL  keys", "chmod 600", "FAIL  mail", "FAIL  sms", "Check host, port and firewall", "ok    schema", "note  terms", "FAIL  staff",
		"note  address", "chmod 700", "ok    clock", "FAIL  vendor", "Set vendor.support_email", "speak for “Vestibule”",
	} {
		if !strings.Contains(out, says) {
			t.Errorf("the doctor does not say %q:\n%s", says, out)
		}
	}
}

func TestServeAnswersUntilItIsToldToStop(t *testing.T) {
	i := install(t)
	i.env = append(i.env, "VESTIBULE_LISTEN=127.0.0.1:0", "VESTIBULE_LOG_LEVEL=info")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	lines := &watched{lines: make(chan string, 100)}
	done := make(chan int, 1)
	go func() {
		done <- run(&session{ctx: ctx, in: strings.NewReader(""), out: lines, err: lines, env: i.env}, i.configured("serve"))
	}()
	base := ""
	for base == "" {
		select {
		case line := <-lines.lines:
			if _, rest, ok := strings.Cut(line, "address="); ok {
				base, _, _ = strings.Cut(rest, " ")
			}
		case code := <-done:
			t.Fatalf("serve ended with %d", code)
		}
	}
	r, err := (&http.Client{Timeout: time.Minute}).Get(base + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("readyz: %d %v", r.StatusCode, err)
	}
	stop()
	if code := <-done; code != exitDone {
		t.Errorf("code %d", code)
	}
	if _, err := os.Stat(filepath.Join(i.data, "portal.db")); err != nil {
		t.Error(err)
	}
}

func TestTheDemoPrintsOneLineGoesOnWithItsContentAndIsRefusedByServe(t *testing.T) {
	i := install(t)
	first := demoLine(t, i)
	if len(first.Staff) != 5 || first.Staff[0].TOTPSecret == "" || first.Samples.Subscriber.Email == "" || first.Samples.Reseller.Email == "" ||
		first.Samples.BetaTester.UserID == "" || !strings.HasPrefix(first.Inbox, first.URL) {
		t.Errorf("the line: %+v", first)
	}
	second := demoLine(t, i)
	if second.Staff[0].Password != first.Staff[0].Password || len(second.Clients) != len(first.Clients) {
		t.Error("a second start has other credentials")
	}
	i.want(exitFailed, "sample content", "serve")
	i.want(exitDone, "all as they were written", "audit", "verify")
	i.want(exitDone, "request-received", "outbox", "list", "--limit", "100")
	i.everyKind()
}

// everyKind looks for a request of every kind in the demo's queue, and for
// clients in every standing.
func (i *installation) everyKind() {
	t := i.t
	t.Helper()
	c, err := config.Load(i.file, i.env)
	if err != nil {
		t.Fatal(err)
	}
	p, err := app.New(t.Context(), app.Options{Config: c, Tool: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	page, err := p.Access.Queue(t.Context(), access.Query{Tab: access.TabAll, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	states, dues, signals := map[access.State]int{}, map[access.Due]int{}, map[access.Signal]int{}
	for _, r := range page.Requests {
		states[r.State]++
		if r.State == access.Received {
			dues[r.Due(page.Now)]++
			for _, s := range r.Signals {
				signals[s]++
			}
		}
	}
	for _, s := range []access.State{access.Received, access.Approved, access.Declined, access.Withdrawn} {
		if states[s] == 0 {
			t.Errorf("no request is %s", s)
		}
	}
	for _, d := range []access.Due{access.DueLater, access.DueSoon, access.DueOverdue, access.DueLate} {
		if dues[d] == 0 {
			t.Errorf("no request is due %s", d)
		}
	}
	for _, s := range []access.Signal{
		access.SignalFreeMail, access.SignalDisposable, access.SignalKnown, access.SignalEvaluated, access.SignalSamePerson, access.SignalManyNetwork,
	} {
		if signals[s] == 0 {
			t.Errorf("no request has the signal %s", s)
		}
	}
}

// demoLine starts the demo, reads its line, looks at its pages, and stops it.
func demoLine(t *testing.T, i *installation) printed {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	lines := &watched{lines: make(chan string, 100)}
	done := make(chan int, 1)
	go func() {
		done <- run(&session{ctx: ctx, in: strings.NewReader(""), out: lines, err: lines, env: config.Environment{"VESTIBULE_LOG_LEVEL=error"}},
			[]string{"demo", "--json", "--listen", "127.0.0.1:0", "--data", i.data})
	}()
	var line printed
	select {
	case text := <-lines.lines:
		if !strings.HasPrefix(text, "{") {
			t.Fatal(text)
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	case code := <-done:
		t.Fatalf("the demo ended with %d", code)
	}
	for path, says := range map[string]string{"/dev/inbox": "Demo inbox", "/dev/inbox.json": `"request-received"`, "/dev/gallery": "demo-inbox", "/request": "Northwind"} {
		r, err := (&http.Client{Timeout: time.Minute}).Get(line.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(r.Body)
		if closing := r.Body.Close(); err != nil || closing != nil {
			t.Fatal(err, closing)
		}
		if r.StatusCode != http.StatusOK || !strings.Contains(body.String(), says) {
			t.Errorf("%s: %d without %q", path, r.StatusCode, says)
		}
	}
	stop()
	if code := <-done; code != exitDone {
		t.Errorf("the demo ended with %d", code)
	}
	return line
}

// watched hands on what is printed, line by line.
type watched struct {
	lines chan string
	rest  bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.rest.Write(p)
	for {
		i := bytes.IndexByte(w.rest.Bytes(), '\n')
		if i < 0 {
			return len(p), nil
		}
		w.lines <- string(w.rest.Next(i + 1)[:i])
	}
}
