package domains_test

import (
	"testing"

	"vestibule/internal/access/domains"
)

func TestKnownDomainsAreTold(t *testing.T) {
	for domain, want := range map[string][2]bool{
		"gmail.com":               {true, false},
		"gmx.de":                  {true, false},
		"outlook.com":             {true, false},
		"qq.com":                  {true, false},
		"mailinator.com":          {true, true},
		"sub.mailinator.com":      {true, true},
		"yopmail.com":             {true, true},
		"novell.com":              {false, false},
		"harbourvale.example":     {false, false},
		"mailinator.com.example":  {false, false},
		"notgmail.example":        {false, false},
		"com":                     {false, false},
		"":                        {false, false},
		"a.b.c.d.e.f.g.h.i.j.k.l": {false, false},
	} {
		if got := [2]bool{domains.Free(domain), domains.Disposable(domain)}; got != want {
			t.Errorf("%s: free, disposable = %v, want %v", domain, got, want)
		}
	}
}

func BenchmarkDisposable(b *testing.B) {
	for b.Loop() {
		domains.Disposable("harbourvale.example")
	}
}
