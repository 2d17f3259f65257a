package download

import (
	"context"
	"time"
)

// An Agreement is one version of what a client agrees to before it downloads a product.
type Agreement struct {
	Product   string
	Version   string
	Text      map[string]string // by language: plain, with blank lines between paragraphs
	Since     time.Time
	MadeBy    string // id of the member of staff
	Accepted  int    // organizations that accepted this version
	Withdrawn bool   // nothing is asked for any more
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

// Agreement is what the person is asked before a download of the artifact.
func (s *Service) Agreement(ctx context.Context, account, artifact, lang string) (Question, error) {
	return Question{}, nil
}

// Accept notes that a person accepted a version of the agreement of the artifact's product, for the organization. Conflict
// "agreement-changed" where another version is in force by now.
func (s *Service) Accept(ctx context.Context, account, artifact, version, lang, address string) error {
	return nil
}

// Agreements lists the versions for a product, the newest first.
func (s *Service) Agreements(ctx context.Context, product string) ([]Agreement, error) {
	return nil, nil
}

// PublishAgreement puts a new version in force at once: each organization is asked at its next download. Invalid at "version", "en"
// or "de". An empty text in both languages ends the asking.
func (s *Service) PublishAgreement(ctx context.Context, staff, product, version string, text map[string]string) error {
	return nil
}
