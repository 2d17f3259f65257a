package cli

type demoCommand struct{}
type staffCommand struct{}
type doctorCommand struct{}
