package feed_test

import (
	"testing"
	"time"

	"vestibule/internal/download/downloadtest"
	"vestibule/internal/fault"
	"vestibule/internal/feed"
)

func TestASecretAddressIsAskedSoOftenAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, w *downloadtest.World) {
		w.Feeds.PerAddress.Burst = 5
		_, path, err := w.Feeds.MakeAddress(t.Context(), w.Marta.ID, feed.Atom, "Reader")
		if err != nil {
			t.Fatal(err)
		}
		token := path[len("/atom/"):]
		for range 5 {
			if _, err := w.Feeds.AtomAt(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		_, err = w.Feeds.AtomAt(t.Context(), token)
		refusedAs(t, err, fault.TooMany, "too-many")
		w.Clock.Advance(10 * time.Second)
		if _, err := w.Feeds.AtomAt(t.Context(), token); err != nil {
			t.Error(err)
		}
	})
}
