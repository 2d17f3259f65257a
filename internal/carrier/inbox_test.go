package carrier_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/internal/carrier"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
)

func TestTheInboxShowsEachMessageOnceWithItsLinksAndItsCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		i := carrier.NewInbox(e.DB)
		letter := email()
		letter.Text = "Go: https://portal.example/welcome/a-b.\nAgain (https://portal.example/welcome/a-b) or https://portal.example/?q=1 in room 123456"
		text := sms()
		text.ID, text.At = "01JXSECOND", letter.At.Add(time.Second)
		for _, en := range []carrier.Envelope{letter, letter, text} {
			if _, err := i.Carry(t.Context(), en); err != nil {
				t.Fatal(err)
			}
		}
		all, err := i.List(t.Context(), "", 10)
		if err != nil || len(all) != 2 {
			t.Fatalf("%d messages, %v", len(all), err)
		}
		if all[0].ID != "01JXSECOND" || all[0].Code != "048213" || all[0].Channel != carrier.SMS {
			t.Errorf("the newest is %+v", all[0])
		}
		if diff := cmp.Diff([]string{"https://portal.example/welcome/a-b", "https://portal.example/?q=1"}, all[1].Links); diff != "" || all[1].Code != "" {
			t.Errorf("links %s, code %q", diff, all[1].Code)
		}
		one, err := i.Get(t.Context(), letter.ID)
		if err != nil || one.HTML != letter.HTML || one.Subject != letter.Subject || !one.At.Equal(letter.At) {
			t.Errorf("got %+v, %v", one, err)
		}
		if _, err := i.Get(t.Context(), "none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("none: %v", err)
		}
		if mine, err := i.List(t.Context(), number, 10); err != nil || len(mine) != 1 {
			t.Errorf("of one receiver: %d, %v", len(mine), err)
		}
	})
}
