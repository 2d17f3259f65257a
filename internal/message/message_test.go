package message_test

import (
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/message"
	"vestibule/internal/outbox"
	"vestibule/internal/text"
)

var update = flag.Bool("update", false, "write the golden files anew")

func writer(t *testing.T, change ...func(*message.Options)) *message.Writer {
	t.Helper()
	w, err := message.NewWriter(options(t, change...))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func options(t *testing.T, change ...func(*message.Options)) message.Options {
	t.Helper()
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := message.Options{
		Vendor: message.Vendor{
			Name: "Northwind Conferencing", Legal: "Northwind Conferencing Ltd, 14 Example Quay, Bristol", Phone: "+44 1632 960182",
			Hours: map[text.Lang]string{
				text.English: "working days from 08:00 to 18:00 UK time",
				text.German:  "werktags von 8 bis 18 Uhr britischer Zeit",
			},
			ReplyTo: "help@northwind.example", Security: "security@northwind.example", Accent: "#0b5f80",
		},
		BaseURL: &url.URL{Scheme: "https", Host: "portal.northwind.example"},
		Words:   words,
		Lang:    text.English,
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

var at = time.Date(2026, 6, 3, 9, 42, 0, 0, time.UTC)

// each writes every sample in every language.
func each(t *testing.T, w *message.Writer, f func(t *testing.T, name string, m outbox.Message)) {
	t.Helper()
	for _, s := range message.Samples(at) {
		for _, lang := range text.Languages() {
			name := s.Name + "." + string(lang)
			t.Run(name, func(t *testing.T) {
				m, err := w.Write(message.To{Address: "marta@harbour.example", Name: "Marta Lindqvist", Lang: lang}, s.At, s.Message)
				if err != nil {
					t.Fatal(err)
				}
				f(t, name, m)
			})
		}
	}
}

func TestEveryMessageReadsAsKept(t *testing.T) {
	each(t, writer(t), func(t *testing.T, name string, m outbox.Message) {
		if m.Channel == carrier.SMS {
			golden(t, name+".sms", m.Text)
			return
		}
		golden(t, name+".txt", "Subject: "+m.Subject+"\n\n"+m.Text)
		golden(t, name+".html", m.HTML)
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update to write it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-kept +now):\n%s", name, diff)
	}
}

func TestATextMessageIsOneSegmentAndEndsWithItsCodeForTheBrowser(t *testing.T) {
	for _, vendor := range []string{"Northwind Conferencing", "Łódź Głos i Obraz", "北风视频会议有限公司", strings.Repeat("Very Long Name ", 12)} {
		w := writer(t, func(o *message.Options) { o.Vendor.Name = vendor })
		for _, lang := range text.Languages() {
			m, err := w.Write(message.To{Address: "+447700900123", Lang: lang}, at, message.RegisterCode{Code: "048213", Minutes: 10})
			if err != nil {
				t.Fatal(err)
			}
			if !carrier.OneSegment(m.Text) {
				t.Errorf("%s %s: more than one segment: %q", vendor, lang, m.Text)
			}
			if !strings.HasSuffix(m.Text, "\n@portal.northwind.example #048213") {
				t.Errorf("%s %s: no last line for auto-fill: %q", vendor, lang, m.Text)
			}
		}
	}
	w := writer(t, func(o *message.Options) { o.BaseURL.Host = strings.Repeat("long.", 40) + "example" })
	m, err := w.Write(message.To{Address: "+447700900123"}, at, message.RegisterCode{Code: "048213", Minutes: 10})
	if err != nil || !carrier.OneSegment(m.Text) || strings.Contains(m.Text, "@") {
		t.Errorf("a long host: %q, %v", m.Text, err)
	}
}

func TestAnUnknownLanguageIsAnsweredInTheVendors(t *testing.T) {
	w := writer(t, func(o *message.Options) { o.Lang = text.German })
	m, err := w.Write(message.To{Address: "a@b.example", Lang: "tlh"}, at, message.RegisterExists{AskedAt: at})
	if err != nil || m.Lang != text.German.Tag() || !strings.Contains(m.Text, "Guten Tag,\n") {
		t.Errorf("got %q in %s, %v", m.Text, m.Lang, err)
	}
}

// asvs: V1.3.3 V1.3.7
func TestWhatPeopleTypeCannotChangeAMessage(t *testing.T) {
	nasty := `</td><script>alert(1)</script>{{.Secret}} [x](https://evil.example) **b** ` + "\r\nBcc: all@evil.example\n\n## Head"
	m, err := writer(t).Write(message.To{Address: "a@b.example", Name: nasty}, at, message.StaffRequestWaiting{
		RequestID: "a/../b?c#d", Number: nasty, Applicant: nasty, Email: nasty, Organization: nasty, Country: nasty, Product: nasty, ReceivedAt: at, DueAt: at})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", `href="https://evil`, "<b>b</b>", "</td></td>"} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("the HTML holds %q", bad)
		}
	}
	if strings.ContainsAny(m.Subject, "\r\n") {
		t.Errorf("the subject has lines: %q", m.Subject)
	}
	if !strings.Contains(m.Text, "/office/requests/a%2F..%2Fb%3Fc%23d") {
		t.Errorf("an id changed the path of its link:\n%s", m.Text)
	}
}

func TestAVendorReplacesAFileByItsName(t *testing.T) {
	with := func(name, content string) (*message.Writer, error) {
		return message.NewWriter(options(t, func(o *message.Options) { o.Overrides = fstest.MapFS{name: {Data: []byte(content)}} }))
	}
	const head = "Subject: Hi {{$to.Name}}\nPreview: p\nWhy: w\n\n"
	w, err := with("register-exists.en.txt", head+"You are **with us** & known.")
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Write(message.To{Address: "a@b.example", Name: "Zoë"}, at, message.RegisterExists{AskedAt: at})
	if err != nil || m.Subject != "Hi Zoë" || !strings.Contains(m.HTML, "You are <b>with us</b> &amp; known.") || !strings.Contains(m.Text, "You are with us & known.") {
		t.Errorf("got %q %v\n%s", m.Subject, err, m.Text)
	}
	for name, content := range map[string]string{
		"register-exist.en.txt":    head + "x",                                      // no such message
		"register-exists.en.txt":   head + "{{.NoSuchField}}",                       // no such field
		"account-user-id.de.txt":   head + "{{if .UserID}}",                         // not closed
		"request-received.en.txt":  head + `{{link "nowhere"}}`,                     // no such link
		"register-continue.de.txt": "Subject: only\n\nx",                            // head incomplete
		"account-finish.en.txt":    "no head at all",                                //
		"step-released.en.txt":     "Subject: x\nCc: everybody\n\nx",                // no such head
		"register-code.en.txt":     strings.Repeat("too long for one message ", 10), //
		"frame.de.txt":             "hello: Hallo,",                                 // lines missing
	} {
		if _, err := with(name, content); err == nil {
			t.Errorf("%s with %q was taken", name, content)
		} else if !strings.Contains(err.Error(), strings.TrimSuffix(name, ".txt")) {
			t.Errorf("the error does not say which file: %v", err)
		}
	}
}

func TestSendWritesIntoTheTransactionOfWhatItTells(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		inbox := carrier.NewInbox(e.DB)
		ob := outbox.New(outbox.Options{DB: e.DB, Secret: e.Secret, Ring: e.Ring, Carriers: map[carrier.Channel][]carrier.Carrier{carrier.Email: {inbox}, carrier.SMS: {inbox}}})
		w := writer(t, func(o *message.Options) { o.Outbox = ob })
		to := message.To{Address: "+447700900123", Lang: text.English}
		err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
			for _, code := range []string{"111111", "222222"} { // the second takes back the first
				if err := w.Send(tx, to, "registration:1", tx.Now().Add(10*time.Minute), message.RegisterCode{Code: code, Minutes: 10}); err != nil {
					return err
				}
			}
			if err := w.Send(tx, message.To{Address: "m@h.example"}, "registration:1", time.Time{}, message.RegisterContinue{Token: "t", Until: at}); err != nil {
				return err
			}
			return w.Recall(tx, "registration:1", message.RegisterContinue{})
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ob.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := inbox.List(t.Context(), "", 10)
		if err != nil || len(got) != 1 || got[0].Code != "222222" {
			t.Errorf("the inbox has %+v, %v", got, err)
		}
	})
}

func TestStaffHaveANameForEveryMessage(t *testing.T) {
	words := options(t).Words
	for _, lang := range text.Languages() {
		each(t, writer(t), func(t *testing.T, _ string, m outbox.Message) {
			if key := "message.kind." + m.Kind; !words.For(lang).Has(key) {
				t.Errorf("%s lacks %s", lang, key)
			}
		})
	}
}
