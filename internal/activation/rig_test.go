package activation_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"vestibule/internal/activation"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/signing"
	"vestibule/license/verify"
)

// rig is a portal's activation on one node, with a licence of an organization.
type rig struct {
	e *dbtest.Env
	t testing.TB
	*activation.Service
	l   license.License
	org string
}

// limits are what the policy of the rig's licence grants.
type limits struct{ devices, seats, lease, fileDays int }

func newRig(t testing.TB, e *dbtest.Env, lim limits, term license.Term) *rig {
	t.Helper()
	r := &rig{e: e, t: t, Service: service(e)}
	r.write(func(tx *db.Tx) error {
		if err := r.Keys.Ensure(tx); err != nil {
			return err
		}
		if err := license.PutProduct(tx, license.Product{ID: "meeting", Name: "Meeting Add-On", Prefix: "MAG", Offered: true}); err != nil {
			return err
		}
		o, err := organization.Create(tx, e.Secret, organization.Organization{Name: "Harbour Vale", Kind: organization.Client})
		if err != nil {
			return err
		}
		if r.l, err = license.Make(tx, e.Secret, o.ID, "meeting"); err != nil {
			return err
		}
		r.org = o.ID
		term.Devices, term.Seats, term.LeaseMinutes, term.FileDays = lim.devices, lim.seats, lim.lease, lim.fileDays
		_, err = license.Grant(tx, e.Secret, r.l, term)
		return err
	})
	return r
}

func service(e *dbtest.Env) *activation.Service {
	return &activation.Service{DB: e.DB, Secret: e.Secret, Ring: e.Ring, Keys: &signing.Keys{Secret: e.Secret, Ring: e.Ring}}
}

// subscribed is a year from now on with two weeks of grace.
func subscribed(now time.Time) license.Term {
	return license.Term{Kind: license.Subscription, StartsAt: now, EndsAt: now.AddDate(1, 0, 0), GraceDays: 14, Features: []string{"rooms"}, Policy: "subscription", PolicyVersion: 1}
}

func (r *rig) write(f func(*db.Tx) error) {
	r.t.Helper()
	if err := r.DB.Write(r.t.Context(), f); err != nil {
		r.t.Fatal(err)
	}
}

// by is the licence as its organization asks for it.
func (r *rig) by() activation.Asked {
	return activation.Asked{Organization: r.org, Key: r.l.Key.String()}
}

func (r *rig) byID() activation.Asked {
	return activation.Asked{Organization: r.org, License: r.l.ID}
}

func machine(n int) activation.Machine {
	return activation.Machine{Fingerprint: verify.Fingerprint("meeting", fmt.Sprint(n)), Name: fmt.Sprintf("PC-%d", n), Platform: "Windows 11"}
}

func (r *rig) activate(n int) activation.Activation {
	r.t.Helper()
	out, err := r.Activate(r.t.Context(), r.by(), machine(n))
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *rig) verifier(device string) *verify.Verifier {
	r.t.Helper()
	v := &verify.Verifier{Product: "meeting", Device: device, Clock: r.e.Clock.Now}
	r.write(func(tx *db.Tx) error {
		keys, err := r.Keys.Public(tx)
		for _, k := range keys {
			v.Keys = append(v.Keys, k.PublicKey)
		}
		return err
	})
	return v
}

// refusedAs fails the test unless err has the kind and the code.
func refusedAs(t *testing.T, err error, kind fault.Kind, code string) *fault.Error {
	t.Helper()
	if !fault.Is(err, kind) || !fault.Code(err, code) {
		t.Fatalf("%v, wanted %s", err, code)
	}
	return fault.From(err)
}

// atOnce runs f fifty times at once, in turn on each of the services, and says how often it worked; every failure must have the code.
func atOnce(t *testing.T, code string, services []*activation.Service, f func(s *activation.Service, n int) error) (worked int) {
	t.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	gate := make(chan struct{})
	for n := range 50 {
		group.Go(func() {
			<-gate
			err := f(services[n%len(services)], n)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				worked++
			case !fault.Code(err, code):
				t.Errorf("%d: %v", n, err)
			}
		})
	}
	close(gate)
	group.Wait()
	return worked
}
