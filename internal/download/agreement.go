package download

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
	"vestibule/internal/text"
)

// An Agreement is one version of what a client agrees to before it downloads a product.
type Agreement struct {
	Product  string
	Version  string
	Text     map[string]string // by language: plain, with blank lines between paragraphs
	Since    time.Time
	MadeBy   string // id of the member of staff
	Asks     bool   // false: from this version on nothing is asked
	Accepted int    // organizations that accepted this version
}

// In is the text in a language, or in English where there is none, and the language that it is in.
func (a Agreement) In(lang string) (words, used string) {
	for _, one := range append([]string{lang}, languages()...) {
		if a.Text[one] != "" {
			return a.Text[one], one
		}
	}
	return "", ""
}

func languages() (all []string) {
	for _, lang := range text.Languages() {
		all = append(all, string(lang))
	}
	return all
}

// A Question is what a person is asked before a download.
type Question struct {
	Product  string
	Version  string
	Text     string
	Lang     string // of the text
	Since    time.Time
	Earlier  time.Time // when the organization accepted an earlier version; zero: never
	Accepted bool      // nothing is asked: the organization has accepted this version, or there is none
}

// Bounds of what the office types.
const (
	versionLetters = 40
	textLetters    = 200_000
)

// Agreement is what the person is asked before a download of the artifact.
func (s *Service) Agreement(ctx context.Context, account, artifact, lang string) (q Question, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		g, err := may(tx, Caller{Kind: Person, ID: account}, artifact)
		if err != nil {
			return err
		}
		q = Question{Product: g.release.Product, Accepted: true}
		a, err := agreementInForce(tx, q.Product)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		q.Version, q.Since = a.Version, a.Since
		q.Text, q.Lang = a.In(lang)
		if q.Accepted, err = hasAccepted(tx, g.organization.ID, q.Product, q.Version); err != nil {
			return err
		}
		q.Earlier, err = acceptedLast(tx, g.organization.ID, q.Product)
		return err
	})
	return q, err
}

// Accept notes that a person accepted a version of the agreement of the artifact's product, for the organization: the version, the
// very text, when, and from which network address. To accept twice changes nothing. Conflict "agreement-changed" where another
// version is in force by now.
func (s *Service) Accept(ctx context.Context, account, artifact, version, lang, address string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		g, err := may(tx, Caller{Kind: Person, ID: account}, artifact)
		if err != nil {
			return err
		}
		a, err := agreementInForce(tx, g.release.Product)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err != nil || a.Version != version {
			return fault.New(fault.Conflict, "agreement-changed")
		}
		words, used := a.In(lang)
		fresh, err := insertAcceptance(tx, acceptance{
			organization: g.organization.ID, product: a.Product, version: version, lang: used,
			hash: textHash(a.Product, version, used, words), account: account, address: address,
		})
		if err != nil || !fresh {
			return err
		}
		return audit.Add(tx, s.Secret, audit.Event{
			Action: "download.agree", Subject: "account:" + account, Organization: g.organization.ID,
			Detail: map[string]string{"product": a.Product, "version": version, "lang": used},
		})
	})
}

// textHash is what an acceptance keeps of the text that was shown.
func textHash(product, version, lang, words string) string {
	return secret.Hash("agreement", product, version, lang, words)
}

// agreementOpen reports whether an organization has to accept something before it may download.
func agreementOpen(tx *db.Tx, organization, product string) (bool, error) {
	a, err := agreementInForce(tx, product)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	accepted, err := hasAccepted(tx, organization, product, a.Version)
	return !accepted, err
}

// agreementNeeded is told to programs, which cannot accept anything.
func agreementNeeded() error {
	return &fault.Error{Kind: fault.Denied, Code: "agreement-needed", Remedy: "accept-agreement"}
}

// Agreements lists the versions for a product, the newest first.
func (s *Service) Agreements(ctx context.Context, product string) (list []Agreement, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list, err = agreements(tx, product)
		return err
	})
	return list, err
}

// PublishAgreement puts a new version in force at once: each organization is asked at its next download. Invalid at "version", "en"
// or "de". An empty text in both languages ends the asking.
func (s *Service) PublishAgreement(ctx context.Context, staff, product, version string, words map[string]string) error {
	version = strings.TrimSpace(version)
	a := Agreement{Product: product, Version: version, Text: map[string]string{}, MadeBy: staff}
	var form fault.Form
	switch {
	case version == "":
		form.Add("version", "required")
	case utf8.RuneCountInString(version) > versionLetters:
		form.Add("version", "too-long", "max", strconv.Itoa(versionLetters))
	}
	for _, lang := range languages() {
		one := strings.TrimSpace(strings.ReplaceAll(words[lang], "\r\n", "\n"))
		if utf8.RuneCountInString(one) > textLetters {
			form.Add(lang, "too-long", "max", strconv.Itoa(textLetters))
		}
		if one != "" {
			a.Text[lang], a.Asks = one, true
		}
	}
	if a.Asks {
		for _, lang := range languages() {
			if a.Text[lang] == "" {
				form.Add(lang, "required")
			}
		}
	}
	if err := form.Err(); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		fresh, err := insertAgreement(tx, a)
		if err != nil {
			return err
		}
		if !fresh {
			return fault.OnField("version", "agreement-version-taken")
		}
		return audit.Add(tx, s.Secret, audit.Event{
			Action: "download.agreement_publish", Subject: "product:" + product, Detail: map[string]string{"version": version},
		})
	})
}
