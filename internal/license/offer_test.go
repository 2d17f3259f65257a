package license_test

import (
	"encoding/base64"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
)

func minisignKey(b byte) string {
	raw := append([]byte("Ed"), make([]byte, 40)...)
	raw[41] = b
	return base64.StdEncoding.EncodeToString(raw)
}

func TestAProductIsMadeAndChangedInTheOffice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		ctx := t.Context()
		notes := license.Product{ID: "notes", Name: " Notes Add-On ", Prefix: "nta", Offered: true, PublisherKeys: []string{"untrusted comment: minisign public key", " " + minisignKey(1) + "\n", "", minisignKey(1)}}
		if err := d.CreateProduct(ctx, license.Staff{ID: "mallory"}, notes); !fault.Is(err, fault.Denied) {
			t.Errorf("by a stranger: %v", err)
		}
		if err := d.CreateProduct(ctx, ines(), notes); err != nil {
			t.Fatal(err)
		}
		v, err := d.Product(ctx, "notes")
		if err != nil || v.Name != "Notes Add-On" || v.Prefix != "NTA" || len(v.Policies) != 4 || v.Configured || !slices.Equal(v.PublisherKeys, []string{minisignKey(1)}) {
			t.Errorf("%+v, %v", v, err)
		}
		for name, c := range map[string]struct {
			p    license.Product
			code string
		}{
			"the same again":         {notes, "product-taken"},
			"another's prefix":       {license.Product{ID: "other", Name: "Other", Prefix: "MAG"}, "prefix-taken"},
			"a prefix that looks so": {license.Product{ID: "other", Name: "Other", Prefix: "NTA"}, "prefix-taken"},
			"no prefix":              {license.Product{ID: "other", Name: "Other"}, "prefix-invalid"},
			"no name":                {license.Product{ID: "other", Prefix: "OTH"}, "name-needed"},
			"a code with a space":    {license.Product{ID: "an other", Name: "Other", Prefix: "OTH"}, "code-invalid"},
			"no minisign key":        {license.Product{ID: "other", Name: "Other", Prefix: "OTH", PublisherKeys: []string{"RWQf6LRCGA9i"}}, "publisher-key-invalid"},
			"too many keys":          {license.Product{ID: "other", Name: "Other", Prefix: "OTH", PublisherKeys: []string{minisignKey(1), minisignKey(2), minisignKey(3), minisignKey(4), minisignKey(5), minisignKey(6)}}, "publisher-keys-many"},
		} {
			if err := d.CreateProduct(ctx, ines(), c.p); !fault.Code(err, c.code) {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		e.Clock.Advance(day)
		edited := v.Product
		edited.Summary, edited.Prefix = "For notes.", "NT2"
		if err := d.EditProduct(ctx, ines(), edited); err != nil {
			t.Fatal(err)
		}
		if err := d.EditProduct(ctx, ines(), edited); !fault.Code(err, "changed") {
			t.Errorf("by what was shown before: %v", err)
		}
		v, err = d.Product(ctx, "notes")
		if err != nil || v.Prefix != "NT2" || v.Summary != "For notes." {
			t.Errorf("%+v, %v", v, err)
		}
		if _, err := d.License(ctx, ines(), company(t, e, "harbour", organization.Client), "notes"); err != nil {
			t.Fatal(err)
		}
		edited = v.Product
		edited.Prefix = "NT3"
		if err := d.EditProduct(ctx, ines(), edited); !fault.Code(err, "prefix-used") {
			t.Errorf("a prefix that keys have: %v", err)
		}
		if err := d.EditProduct(ctx, ines(), license.Product{ID: "nothing"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("nothing: %v", err)
		}
		all, err := d.Products(ctx)
		if err != nil || len(all) != 2 || all[1].Licenses != 1 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

func TestTheConfigurationDoesNotUndoTheOffice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d := newDesk(e)
		ctx := t.Context()
		start := func(p license.Product, r license.EvaluationRule) {
			t.Helper()
			write(t, e, func(tx *db.Tx) error {
				if err := license.Configure(tx, p, r); err != nil {
					return err
				}
				settled, err := license.Configured(tx, p, r)
				if !settled {
					t.Error("the next start would change something")
				}
				return err
			})
		}
		get := func(id string) license.ProductView {
			t.Helper()
			v, err := d.Product(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		meeting := license.Product{ID: "meeting", Name: "Meeting", Prefix: "MAG"}
		start(meeting, rule())
		meeting.Name = "Meeting Add-On"
		start(meeting, license.EvaluationRule{Days: 45, StartWithin: 7})
		v := get("meeting")
		if v.Name != "Meeting Add-On" || v.Policies[0].Name != "evaluation" || v.Policies[0].Version != 2 || v.Policies[0].TermDays != 45 {
			t.Errorf("a change of the configuration counts while the office has said nothing: %+v", v)
		}
		start(meeting, license.EvaluationRule{Days: 45, StartWithin: 7, FromApproval: true})
		if err := d.CreateProduct(ctx, ines(), license.Product{ID: "notes", Name: "Notes", Prefix: "NTA", Offered: true}); err != nil {
			t.Fatal(err)
		}
		other := license.Product{ID: "other", Name: "Other", Prefix: "OTH"}
		start(other, rule())
		if get("meeting").Offered || !get("notes").Offered || !get("other").Offered || len(get("other").Policies) != 4 {
			t.Error("another product of the configuration: the earlier one is not offered, the office's stays")
		}
		v = get("other")
		v.Name, v.Offered, v.PublisherKeys = "Better", false, []string{minisignKey(1)}
		if err := d.EditProduct(ctx, ines(), v.Product); err != nil {
			t.Fatal(err)
		}
		p := get("other").Policies[0]
		p.TermDays = 60
		if _, err := d.PutPolicy(ctx, ines(), p); err != nil {
			t.Fatal(err)
		}
		start(other, license.EvaluationRule{Days: 10})
		v = get("other")
		if v.Name != "Better" || v.Offered || len(v.PublisherKeys) != 1 || v.Policies[0].TermDays != 60 {
			t.Errorf("the office's words are gone: %+v", v)
		}
		write(t, e, func(tx *db.Tx) error {
			r, err := license.RuleOf(tx, "other", rule())
			if r.Days != 60 {
				t.Errorf("evaluations run by %+v", r)
			}
			return err
		})
	})
}

// asvs: V2.2.1
func TestAPolicyThatCannotBeGrantedByIsRefusedAtItsField(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		good := license.Policy{
			Product: "meeting", Name: "team", Title: "Team", Kind: license.ForSubscription, TermDays: 365, Start: license.AtGrant,
			LeaseMinutes: 30, Channels: []string{license.Stable}, FileDays: 20,
		}
		for name, c := range map[string]struct {
			change      func(p *license.Policy)
			field, code string
		}{
			"no code":               {func(p *license.Policy) { p.Name = "" }, "name", "code-invalid"},
			"a double dash":         {func(p *license.Policy) { p.Name = "a--b" }, "name", "code-invalid"},
			"no title":              {func(p *license.Policy) { p.Title = "" }, "title", "name-needed"},
			"no kind":               {func(p *license.Policy) { p.Kind = "gift" }, "kind", "choose-one"},
			"no start":              {func(p *license.Policy) { p.Start = "" }, "start", "choose-one"},
			"no end":                {func(p *license.Policy) { p.TermDays = 0 }, "term_days", "term-needed"},
			"perpetual with an end": {func(p *license.Policy) { p.Kind = license.ForPerpetual }, "term_days", "term-endless"},
			"days below nothing":    {func(p *license.Policy) { p.GraceDays = -1 }, "grace_days", "number-range"},
			"a short lease":         {func(p *license.Policy) { p.LeaseMinutes = 4 }, "lease_minutes", "number-range"},
			"no file":               {func(p *license.Policy) { p.FileDays = 0 }, "file_days", "number-range"},
			"no channel":            {func(p *license.Policy) { p.Channels = nil }, "channels", "choose-one"},
			"an unknown channel":    {func(p *license.Policy) { p.Channels = []string{"nightly"} }, "channels", "choose-one"},
			"an unknown feature":    {func(p *license.Policy) { p.Features = []string{"rooms"} }, "features", "feature-unknown"},
		} {
			p := good
			c.change(&p)
			_, err := d.PutPolicy(t.Context(), ines(), p)
			if f := fault.From(err); !fault.Code(err, c.code) || f.Field != c.field {
				t.Errorf("%s: %v at %q, want %s at %s", name, err, f.Field, c.code, c.field)
			}
		}
		if _, err := d.PutPolicy(t.Context(), ines(), license.Policy{Product: "nothing"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("of no product: %v", err)
		}
	})
}

func TestOfManyWhoMakeTheNextVersionOneDoes(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		configure(t, a)
		nodes := []*desk{newDesk(a), newDesk(b)}
		v, err := nodes[0].Product(t.Context(), "meeting")
		if err != nil {
			t.Fatal(err)
		}
		var made atomic.Int32
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				p := v.Policies[0]
				p.TermDays = 100 + i
				_, err := nodes[i%2].PutPolicy(t.Context(), ines(), p)
				if err == nil {
					made.Add(1)
				} else if !fault.Is(err, fault.Conflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if versions, err := nodes[0].PolicyVersions(t.Context(), "meeting", v.Policies[0].Name); err != nil || made.Load() != 1 || len(versions) != 2 {
			t.Errorf("%d made, %d versions, %v", made.Load(), len(versions), err)
		}
	})
}

func TestLicencesAreListedByTheirWindow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		configure(t, e)
		d := newDesk(e)
		ctx := t.Context()
		ids := map[string]string{}
		for i, days := range []int{10, 20, 30, 90, 200} {
			name := "vale" + strconv.Itoa(days)
			ids[name] = d.license(t, company(t, e, name, organization.Client))
			d.grant(t, ids[name], license.PolicySubscription, license.Award{Days: days})
			if i == 4 {
				ids["perpetual"] = d.license(t, company(t, e, "perpetual", organization.Client))
				d.grant(t, ids["perpetual"], license.PolicyPerpetual, license.Award{})
			}
		}
		ids["nothing"] = d.license(t, company(t, e, "nothing", organization.Client))
		e.Clock.Advance(15 * day)
		ids["held"] = d.license(t, company(t, e, "held 100%_x", organization.Client))
		d.grant(t, ids["held"], license.PolicyPartner, license.Award{})
		if err := d.Hold(ctx, ines(), ids["held"], "An invoice is open."); err != nil {
			t.Fatal(err)
		}
		names := func(q license.Query) (found []string) {
			t.Helper()
			for range 20 {
				p, err := d.List(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range p.Licenses {
					found = append(found, l.OrganizationName)
				}
				if q.After = p.Next; q.After == "" {
					return found
				}
			}
			t.Fatal("the pages do not end")
			return nil
		}
		for _, limit := range []int{1, 2, 25} {
			for _, c := range []struct {
				q    license.Query
				want []string
			}{
				{license.Query{Window: license.WindowRunning}, []string{"vale20", "vale30", "vale90", "vale200", "perpetual"}},
				{license.Query{Window: license.WindowExpiring}, []string{"vale20", "vale30"}},
				{license.Query{Window: license.WindowEnded}, []string{"vale10"}},
				{license.Query{Window: license.WindowHeld}, []string{"held 100%_x"}},
				{license.Query{Search: "Vale2"}, []string{"vale200", "vale20"}},
				{license.Query{Search: "vale", Window: license.WindowEnded}, []string{"vale10"}},
				{license.Query{Search: "%"}, nil},
				{license.Query{Search: "nobody"}, nil},
				{license.Query{Product: "other"}, nil},
				{license.Query{Product: "meeting", Window: license.WindowHeld}, []string{"held 100%_x"}},
			} {
				c.q.Limit = limit
				got := names(c.q)
				if c.q.Search == "Vale2" { // made at the same instant: the order is chance's
					slices.Sort(got)
					slices.Sort(c.want)
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%+v: %v, want %v", c.q, got, c.want)
				}
			}
		}
		if all := names(license.Query{Limit: 3}); len(all) != 8 || all[0] != "held 100%_x" {
			t.Errorf("%v", all)
		}
		key := reload(t, e, ids["vale90"]).Key
		if p, err := d.List(ctx, license.Query{Search: " " + key.String(), Window: license.WindowEnded}); err != nil || len(p.Licenses) != 1 || p.Licenses[0].ID != ids["vale90"] || p.Replaced {
			t.Errorf("by key: %+v, %v", p, err)
		}
		if _, err := d.ReplaceKey(ctx, ines(), ids["vale90"], key, "Seen in a forum."); err != nil {
			t.Fatal(err)
		}
		if p, err := d.List(ctx, license.Query{Search: key.String()}); err != nil || len(p.Licenses) != 1 || !p.Replaced {
			t.Errorf("by a key that leaked: %+v, %v", p, err)
		}
		if p, err := d.List(ctx, license.Query{Search: license.NewKey(e.Secret, "MAG").String()}); err != nil || len(p.Licenses) != 0 {
			t.Errorf("by an unknown key: %+v, %v", p, err)
		}
		for _, q := range []license.Query{{Window: "secret"}, {Window: license.WindowEnded, After: "made up"}} {
			if _, err := d.List(ctx, q); !fault.Is(err, fault.NotFound) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}
