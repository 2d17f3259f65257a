package staff

import (
	"testing"
	"time"

	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/outbox"
)

// desk makes a desk, and puts two messages into its outbox.
func desk(t *testing.T, e *dbtest.Env) (d *Desk, request, account string) {
	t.Helper()
	ob := outbox.New(outbox.Options{
		DB: e.DB, Secret: e.Secret, Ring: e.Ring,
		Carriers: map[carrier.Channel][]carrier.Carrier{carrier.Email: {carrier.NewInbox(e.DB)}},
	})
	for _, m := range []outbox.Message{
		{Channel: carrier.Email, Kind: "request-received", To: "marta.ellison@vale.example", About: "request:R1", Subject: "Received", Text: "We have it."},
		{Channel: carrier.Email, Kind: "account-password-set", To: "owen.blake@vale.example", About: "account:A1", Subject: "Set", Text: "It is set."},
	} {
		if err := e.DB.Write(t.Context(), func(tx *db.Tx) error { return ob.Add(tx, m) }); err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(time.Minute)
	}
	d = &Desk{DB: e.DB, Secret: e.Secret, Outbox: ob}
	list, _, err := d.Messages(t.Context(), MessageQuery{})
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v %v", list, err)
	}
	return d, list[1].ID, list[0].ID
}

func TestTheDeskFindsMessages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d, request, other := desk(t, e)
		for name, c := range map[string]struct {
			query MessageQuery
			want  []string
		}{
			"all, newest first": {MessageQuery{}, []string{other, request}},
			"one a page":        {MessageQuery{Limit: 1}, []string{other}},
			"the next page":     {MessageQuery{Limit: 1, Before: other}, []string{request}},
			"to one address":    {MessageQuery{To: "marta.ellison@vale.example"}, []string{request}},
			"to nobody":         {MessageQuery{To: "nobody@vale.example"}, nil},
		} {
			list, counts, err := d.Messages(t.Context(), c.query)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if counts == (MessageCounts{}) {
				t.Errorf("%s: no counts", name)
			}
			var got []string
			for _, m := range list {
				got = append(got, m.ID)
			}
			if len(got) != len(c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
				continue
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("%s: %v, want %v", name, got, c.want)
				}
			}
		}
		about, err := d.MessagesAbout(t.Context(), "request:R1")
		if err != nil || len(about) != 1 || about[0].ID != request {
			t.Errorf("about the request: %+v %v", about, err)
		}
		if l, err := d.Message(t.Context(), request); err != nil || l.ID != request {
			t.Errorf("%+v %v", l, err)
		}
		if _, err := d.Message(t.Context(), "no-such-message"); !fault.Is(err, fault.NotFound) {
			t.Errorf("an unknown message: %v", err)
		}
	})
}

func TestWhatTheDeskDoesToAMessageIsOnRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		d, request, other := desk(t, e)
		if err := d.Retry(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if err := d.Drop(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		if err := d.Drop(t.Context(), other); err == nil {
			t.Error("a message is dropped twice")
		}
		if err := d.Retry(t.Context(), "no-such-message"); !fault.Is(err, fault.NotFound) {
			t.Errorf("an unknown message: %v", err)
		}
		for id, action := range map[string]string{request: "message.retry", other: "message.drop"} {
			list, err := d.Events(t.Context(), "message:"+id, 0, 10)
			if err != nil || len(list) != 1 || list[0].Action != action {
				t.Errorf("about %s: %+v %v", id, list, err)
			}
		}
		// What was refused left no event.
		all, err := d.Events(t.Context(), "", 0, 10)
		if err != nil || len(all) != 2 || all[0].Action != "message.drop" {
			t.Fatalf("%+v %v", all, err)
		}
		earlier, err := d.Events(t.Context(), "", all[0].Seq, 10)
		if err != nil || len(earlier) != 1 || earlier[0].Action != "message.retry" {
			t.Errorf("before the newest: %+v %v", earlier, err)
		}
	})
}
