package audit

import (
	"fmt"
	"testing"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
)

func TestTheTrailIsReadByAreaAndByWhoDidIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		for i, action := range []string{"authn_login_success", "helpdesk.unlock", "access_request.create", "authn_logout", "authnx", "helpdesk.clear"} {
			err := e.DB.Write(t.Context(), func(tx *db.Tx) error {
				return Add(tx, e.Secret, Event{Action: action, Actor: Actor{Staff, fmt.Sprint("s", i%2)}, Subject: "account:1"})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			filter Filter
			want   string
		}{
			"all":                  {Filter{}, "6 5 4 3 2 1"},
			"an area":              {Filter{Area: "sign-in"}, "4 1"},
			"another area":         {Filter{Area: "helpdesk"}, "6 2"},
			"an area that begins":  {Filter{Area: "request"}, "3"},
			"an area that is none": {Filter{Area: "%"}, ""},
			"who did it":           {Filter{Actor: "s1"}, "6 4 2"},
			"both":                 {Filter{Actor: "s1", Area: "helpdesk"}, "6 2"},
			"before":               {Filter{Area: "helpdesk", Before: 6}, "2"},
			"nobody":               {Filter{Actor: "' OR 1=1 --"}, ""},
		} {
			err := e.DB.Read(t.Context(), func(tx *db.Tx) error {
				list, next, err := Find(tx, c.filter, 10)
				got := ""
				for _, one := range list {
					got += fmt.Sprint(" ", one.Seq)
				}
				if got = got[min(len(got), 1):]; got != c.want || next != 0 {
					t.Errorf("%s: %q, go on at %d", name, got, next)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		err := e.DB.Read(t.Context(), func(tx *db.Tx) error {
			list, next, err := Find(tx, Filter{}, 4)
			if len(list) != 4 || next != 3 {
				t.Errorf("%d events, go on at %d", len(list), next)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
