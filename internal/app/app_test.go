package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/text"
)

func load(t *testing.T, data string, env ...string) *config.Config {
	t.Helper()
	c, err := config.Load(os.DevNull, append(config.Environment{"VESTIBULE_DATA=" + data}, env...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func build(t *testing.T, o app.Options) *app.Portal {
	t.Helper()
	p, err := app.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// asvs: V15.2.3
func TestADemosDatabaseIsRefusedInProductionAndTakenByTools(t *testing.T) {
	data := t.TempDir()
	c := load(t, data)
	p, err := app.New(t.Context(), app.Options{Config: c, Demo: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := app.New(t.Context(), app.Options{Config: c}); !errors.Is(err, app.ErrDemo) {
		t.Errorf("production on a demo's database: %v", err)
	}
	build(t, app.Options{Config: c, Tool: true})
}

func TestTheProductFollowsTheConfiguration(t *testing.T) {
	data := t.TempDir()
	for _, name := range []string{"First Name", "Second Name"} {
		p := build(t, app.Options{Config: load(t, data, "VESTIBULE_PRODUCT_NAME="+name, "VESTIBULE_PRODUCT_PREFIX=EXA")})
		if err := p.DB.Read(t.Context(), func(tx *db.Tx) error {
			all, err := license.Products(tx)
			if len(all) != 1 || all[0].Name != name || all[0].Prefix != "EXA" || !all[0].Offered {
				t.Errorf("products: %+v", all)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTermsAreTheVendorsOwnOrTheBuiltInOnes(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	built, err := app.Terms(load(t, dir, "VESTIBULE_VENDOR_NAME=Northwind"))
	if err != nil || !strings.Contains(built.Text["en"], "Northwind") || !strings.Contains(built.Text["de"], "Northwind") || built.Version == "" || built.Since.IsZero() {
		t.Errorf("built in: %+v %v", built, err)
	}
	first, err := app.Terms(load(t, dir, "VESTIBULE_TERMS_EN="+write("en.txt", "Be kind.\r\n")))
	if err != nil || first.Text["en"] != "Be kind.\n" || first.Text["de"] != "" {
		t.Errorf("own: %+v %v", first, err)
	}
	second, err := app.Terms(load(t, dir, "VESTIBULE_TERMS_EN="+write("en.txt", "Be kinder.")))
	if err != nil || second.Version == first.Version {
		t.Errorf("a changed text has the version of the old one: %s", second.Version)
	}
	if _, err := app.Terms(load(t, dir, "VESTIBULE_TERMS_EN="+write("en.txt", " \n"))); err == nil {
		t.Error("empty terms are in force")
	}
}

func TestBrokenWordsMessagesAndLogosKeepThePortalFromStarting(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "en"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"en/own.toml": "[nothing]\nlike = \"this\"\n", "request-received.en.txt": "Subject: {{.Nobody}}\n\nHello\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, option := range []string{"VESTIBULE_WORDS=" + dir, "VESTIBULE_MESSAGES=" + dir} {
		if _, err := app.New(t.Context(), app.Options{Config: load(t, t.TempDir(), option)}); err == nil {
			t.Errorf("%s: the portal starts", option)
		}
	}
}

func TestCarriersAreMadeOfWhatIsConfigured(t *testing.T) {
	c := load(t, t.TempDir(),
		"VESTIBULE_SMTP_HOST=mail.example.com", "VESTIBULE_SMTP_FROM=Portal <portal@example.com>",
		"VESTIBULE_SMS_PRESET=kannel", "VESTIBULE_SMS_URL=http://127.0.0.1:13013/cgi-bin/sendsms", "VESTIBULE_SMS_USER=u", "VESTIBULE_SMS_PASSWORD=a long one",
		"VESTIBULE_SMS_SECOND_PRESET=twilio", "VESTIBULE_SMS_SECOND_USER=AC1", "VESTIBULE_SMS_SECOND_PASSWORD=a token", "VESTIBULE_SMS_SECOND_FROM=+441632960000")
	all, err := app.Carriers(c)
	if err != nil || len(all["email"]) != 1 || len(all["sms"]) != 2 {
		t.Fatalf("%v %v", all, err)
	}
	for _, preset := range [][]string{
		{"VESTIBULE_SMS_PRESET=json", "VESTIBULE_SMS_URL=https://sms.example.com/send", "VESTIBULE_SMS_PASSWORD=a token", "VESTIBULE_SMS_FROM=me"},
		{"VESTIBULE_SMS_PRESET=template", "VESTIBULE_SMS_URL=https://sms.example.com/send?to={to}&text={text}"},
	} {
		c := load(t, t.TempDir(), append([]string{"VESTIBULE_SMTP_HOST=mail.example.com", "VESTIBULE_SMTP_FROM=portal@example.com"}, preset...)...)
		if all, err := app.Carriers(c); err != nil || len(all["sms"]) != 1 {
			t.Errorf("%v: %v %v", preset, all, err)
		}
	}
	if held, err := app.Carriers(load(t, t.TempDir())); err != nil || len(held) != 0 {
		t.Errorf("held: %v %v", held, err)
	}
}

func TestTheHeadOfTheAuditTrailIsSignedToAFile(t *testing.T) {
	p := build(t, app.Options{Config: load(t, t.TempDir()), Demo: true, Now: time.Now})
	report, err := p.Importer.Import(t.Context(), strings.NewReader("record,reference,name\norganization,C-1,One\n"), false)
	if err != nil || len(report.Faults) > 0 {
		t.Fatal(err, report.Faults)
	}
	if _, err := p.Chores.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(p.HeadsFile())
	if err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("heads: %v %v", info, err)
	}
}

// asvs: V13.4.5
func TestAStoppingPortalAnswersWhatIsUnderWayAndItsMetricsStandApart(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	metrics := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	c := load(t, t.TempDir(), "VESTIBULE_LISTEN=127.0.0.1:0", "VESTIBULE_METRICS_LISTEN="+metrics)
	l, err := app.Listen(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	p := build(t, app.Options{Config: c, Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx, l, nil) }()
	get := func(url string) (int, string) {
		r, err := (&http.Client{Timeout: time.Minute}).Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if closing := r.Body.Close(); err != nil || closing != nil {
			t.Fatal(err, closing)
		}
		return r.StatusCode, string(body)
	}
	if status, _ := get(c.BaseURL + "/healthz"); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}
	if status, _ := get(c.BaseURL + "/metrics"); status != http.StatusNotFound {
		t.Errorf("the portal's own address serves metrics: %d", status)
	}
	status, text := get("http://" + metrics + "/metrics")
	if status != http.StatusOK || !strings.Contains(text, `vestibule_requests_total{status="200"}`) || !strings.Contains(text, `vestibule_messages{state="held"} 0`) {
		t.Errorf("metrics: %d\n%s", status, text)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAnotherProductTakesTheOffersPlaceAndOnlyServingChangesIt(t *testing.T) {
	data := t.TempDir()
	want := func(p *app.Portal, says string) {
		t.Helper()
		if err := p.DB.Read(t.Context(), func(tx *db.Tx) error {
			all, err := license.Products(tx)
			got := ""
			for _, one := range all {
				if one.Offered {
					got += one.ID + " " + one.Prefix + " "
				}
			}
			if got != says {
				t.Errorf("offered: %q, want %q", got, says)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	first := []string{"VESTIBULE_PRODUCT_CODE=first", "VESTIBULE_PRODUCT_PREFIX=ONE"}
	want(build(t, app.Options{Config: load(t, data, first...)}), "first ONE ")
	want(build(t, app.Options{Config: load(t, data), Tool: true}), "first ONE ")
	want(build(t, app.Options{Config: load(t, data), Tool: true, Look: true}), "first ONE ")
	want(build(t, app.Options{Config: load(t, data, "VESTIBULE_PRODUCT_CODE=second", "VESTIBULE_PRODUCT_PREFIX=TWO")}), "second TWO ")
	want(build(t, app.Options{Config: load(t, data, "VESTIBULE_PRODUCT_CODE=second", "VESTIBULE_PRODUCT_PREFIX=NEW")}), "second NEW ") // no key has it yet
	want(build(t, app.Options{Config: load(t, data, first...)}), "first ONE ")
}

func TestLookingMakesNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "none")
	if _, err := app.New(t.Context(), app.Options{Config: load(t, data), Tool: true, Look: true}); err == nil || !strings.Contains(err.Error(), "there is no database") {
		t.Error(err)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("looking made the data folder: %v", err)
	}
}

// Staff read what a chore does, not what it is called in the code.
func TestEveryChoreHasWords(t *testing.T) {
	words, err := text.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := load(t, t.TempDir(), "VESTIBULE_PASSWORD_MAX_AGE_DAYS=90", "VESTIBULE_ACCOUNT_DORMANT_DAYS=365")
	p := build(t, app.Options{Config: c})
	if len(p.Chores.Chores) < 10 {
		t.Errorf("only %d chores", len(p.Chores.Chores))
	}
	for _, one := range p.Chores.Chores {
		for _, lang := range text.Languages() {
			for _, part := range []string{"name", "text"} {
				if key := "office.chore." + one.Name + "." + part; !words.For(lang).Has(key) {
					t.Errorf("%s has no %s", lang, key)
				}
			}
		}
	}
}
