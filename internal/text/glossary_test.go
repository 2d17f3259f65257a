package text_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The German glossary: one word for one thing, on pages and in messages alike.
//
//	evaluation           Testzugang; its days Testzeitraum; to evaluate: testen
//	password             Kennwort
//	work e-mail          geschäftliche E-Mail-Adresse
//	optional             optional
//	approved, declined   genehmigt, abgelehnt
//	login account        Anmeldekonto
//	organisation         Organisation
//	staff lets a step go freigegeben
//
// English: organisation, licence (the noun), evaluation, work e-mail, UserID.
func TestOneWordStandsForOneThing(t *testing.T) {
	other := map[string]*regexp.Regexp{
		"../text/words/de/*.toml":       regexp.MustCompile(`(?i)\bpassw(ort|örter)|testversion|evaluierung|dienstlich|\(freiwillig`),
		"../message/templates/*.de.txt": regexp.MustCompile(`(?i)\bpassw(ort|örter)|testversion|evaluierung|dienstlich|\(freiwillig`),
		"../app/content/*.de.txt":       regexp.MustCompile(`(?i)\bpassw(ort|örter)|testversion|evaluierung`),
	}
	for pattern, wrong := range other {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if found := wrong.Find(b); found != nil {
				t.Errorf("%s says %q: the glossary has another word for it", filepath.Base(name), found)
			}
		}
	}
}
