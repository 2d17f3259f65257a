package app

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/config"
	"vestibule/internal/secret"
	"vestibule/internal/text"
)

//go:embed content/terms.en.txt
var termsEnglish string

//go:embed content/terms.de.txt
var termsGerman string

// The built-in terms are in force where the vendor names none. They are a text
// to begin with; `vestibule doctor` says that they are not the vendor's own.
const (
	builtInVersion = "2026-11"
	versionLetters = 12
)

func builtInSince() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

// Terms reads the terms that are in force, and those that follow.
func Terms(c *config.Config) (account.Terms, error) {
	t := account.Terms{Version: c.TermsVersion, Since: c.TermsSince, Text: map[string]string{}, Grace: c.TermsGrace}
	var err error
	if len(c.Terms) == 0 {
		fill := strings.NewReplacer("{vendor}", c.Vendor.Name, "{product}", c.Product.Name)
		t.Text[string(text.English)], t.Text[string(text.German)] = fill.Replace(termsEnglish), fill.Replace(termsGerman)
		if t.Version == "" {
			t.Version = builtInVersion
		}
		if t.Since.IsZero() {
			t.Since = builtInSince()
		}
	} else if t, err = readTerms(t, c.Terms); err != nil {
		return t, err
	}
	if len(c.TermsNext.Files) == 0 {
		return t, nil
	}
	next, err := readTerms(account.Terms{Version: c.TermsNext.Version, Since: c.TermsNext.Since, Text: map[string]string{}}, c.TermsNext.Files)
	if err == nil && next.Version == t.Version {
		err = fmt.Errorf("the terms to come are called %q as those before them: change terms.next_version", t.Version)
	}
	t.Next = &next
	return t, err
}

func readTerms(t account.Terms, files map[string]string) (account.Terms, error) {
	var all []string
	for _, lang := range text.Languages() {
		name := files[string(lang)]
		if name == "" {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return t, err
		}
		said := strings.ReplaceAll(string(data), "\r\n", "\n")
		if strings.TrimSpace(said) == "" {
			return t, fmt.Errorf("the terms in %s are empty", name)
		}
		t.Text[string(lang)] = said
		all = append(all, said)
	}
	if t.Version == "" {
		t.Version = secret.Hash(all...)[:versionLetters]
	}
	return t, nil
}
