package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"vestibule/internal/fault"
)

func TestAnUnknownErrorIsInternal(t *testing.T) {
	f := fault.From(errors.New("disk on fire"))
	if f.Kind != fault.Internal || f.Code != "internal" {
		t.Fatalf("got %v %q", f.Kind, f.Code)
	}
}

func TestAFailureIsFoundThroughItsWrapping(t *testing.T) {
	err := fmt.Errorf("while deciding: %w", fault.Because(fault.Conflict, "changed", errors.New("0 rows")))
	if !fault.Is(err, fault.Conflict) || !fault.Code(err, "changed") || fault.Is(err, fault.Gone) {
		t.Fatalf("%v is not seen as the Conflict that it is", err)
	}
	if fault.Is(nil, fault.Internal) || fault.Code(errors.New("x"), "x") {
		t.Fatal("what is no failure was taken for one")
	}
}

func TestAFormNamesEveryFieldAtFaultInOrder(t *testing.T) {
	var f fault.Form
	if f.Err() != nil {
		t.Fatal("an empty form fails")
	}
	f.Add("email", "email-shape")
	f.Add("name", "too-long", "max", "100")
	if err := f.AddErr("mobile", fault.OnField("", "mobile-shape")); err != nil {
		t.Fatal(err)
	}
	if err := f.AddErr("mobile", errors.New("database away")); err == nil {
		t.Fatal("a failure of ours was put on a field")
	}
	e := fault.From(f.Err())
	if e.Kind != fault.Invalid || len(e.Fields) != 3 || e.Fields[1].Args["max"] != "100" || e.Fields[2].Field != "mobile" {
		t.Fatalf("got %v", e)
	}
	if !fault.Code(f.Err(), "too-long") {
		t.Fatal("a field's code is not found")
	}
}

func TestWithLeavesTheOriginalAsItWas(t *testing.T) {
	e := fault.New(fault.TooMany, "too-many")
	if e.With("n", "3"); e.Args != nil {
		t.Fatal("With changed the failure it was called on")
	}
}
