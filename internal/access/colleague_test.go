package access_test

import (
	"slices"
	"testing"

	"vestibule/internal/access"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
)

// three are people of one school who asked one after the other; each typed its
// name in another way, and the last one a department's.
func three(w *world) []access.Request {
	var all []access.Request
	for _, p := range [][3]string{
		{"Zoë", "zoe@lycee-pasteur.example", "Lycée Pasteur"}, {"Hugo", "hugo@lycee-pasteur.example", "lycee pasteur"},
		{"Inès", "ines@lycee-pasteur.example", "Sciences, bâtiment B"},
	} {
		f := marta()
		f.First, f.Email, f.Organization = p[0], p[1], p[2]
		all = append(all, w.ask(f))
	}
	return all
}

func TestSeveralApprovedTogetherMakeOneOrganizationOfColleagues(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		all := three(w)
		several := access.Decision{Approve: true, Several: true}
		first := w.decide(all[0].ID, several)
		if !first.Made || first.Organization.Name != "Lycée Pasteur" {
			t.Fatalf("the first one: %+v", first)
		}
		if k, err := w.s.Case(t.Context(), all[0].ID); err != nil || k.For != "Lycée Pasteur" || k.Granted.ID != first.Request.Term || k.Granted.Seats == 0 {
			t.Errorf("the case tells of the approval: %q %+v, %v", k.For, k.Granted, err)
		}
		for _, r := range all[1:] {
			_, err := w.s.Decide(t.Context(), r.ID, several, staff())
			if e := fault.From(err); !fault.Is(err, fault.Invalid) || e.Code != "person-chooses" {
				t.Errorf("%s of %s: %v", r.FirstName, r.Organization, err)
			}
			k, err := w.s.Case(t.Context(), r.ID)
			if err != nil || k.Request.State != access.Received {
				t.Errorf("%s is %s, %v", r.FirstName, k.Request.State, err)
			}
		}
		// A person may still say that it is another organization.
		if out := w.decide(all[2].ID, access.Decision{Approve: true}); !out.Made {
			t.Errorf("a person's own choice: %+v", out)
		}
	})
}

func TestSeveralApprovedTogetherLeaveOutKnownNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.approve(marta())
		f := marta()
		f.First, f.Email = "Otto", "otto@gmail.com"
		r := w.ask(f)
		if _, err := w.s.Decide(t.Context(), r.ID, access.Decision{Approve: true, Several: true}, staff()); !fault.Is(err, fault.Invalid) {
			t.Errorf("a like name: %v", err)
		}
		// Two of one free-mail domain are no colleagues.
		f.First, f.Email, f.Organization = "Pia", "pia@gmail.com", "Pia's Bakery"
		if out := w.decide(w.ask(f).ID, access.Decision{Approve: true, Several: true}); !out.Made || out.Organization.Kind != organization.Client {
			t.Errorf("another of a free-mail domain: %+v", out)
		}
	})
}

func TestColleaguesWhoWaitAreSignalled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alone := w.ask(marta())
		all := three(w)
		for _, r := range append(all, alone) {
			k, err := w.s.Case(t.Context(), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Contains(k.Request.Signals, access.SignalColleagues); got != (r.ID != alone.ID) {
				t.Errorf("%s: %v", r.FirstName, k.Request.Signals)
			}
		}
		if got := w.walk(access.Query{Tab: access.TabOpen, Signal: access.SignalColleagues}); len(got) != 3 {
			t.Errorf("the filter finds %v", got)
		}
		k, err := w.s.Case(t.Context(), all[2].ID)
		if err != nil || len(k.Same) != 2 {
			t.Errorf("the related requests of %s: %d, %v", k.Request.FirstName, len(k.Same), err)
		}
	})
}
