package access

import (
	"context"
	"slices"

	"blattwerk/pipeline"
)

// Role is what an account is trusted with. An account may have several.
type Role string

// The roles, one for each group of people in a town hall.
const (
	Mailroom       Role = "mailroom"       // Poststelle: hands letters in, settles the review tray, keeps the journal
	Department     Role = "department"     // Amt: finds and works on the letters of its departments
	Sustainability Role = "sustainability" // reviews the books
	Administrator  Role = "administrator"  // accounts, tokens, settings; reads no letters by that role alone
	Auditor        Role = "auditor"        // reads evidence and books; changes nothing
)

// Action is what a route lets people do.
type Action string

// The actions.
const (
	Enter  Action = "enter"  // whoever is signed in: help, own account
	Hand   Action = "hand"   // hand letters in, and see what became of them
	Sort   Action = "sort"   // work on stacks and pages, settle the review tray
	Keep   Action = "keep"   // read and export the journal
	Find   Action = "find"   // search, read and fetch letters that one may see
	Work   Action = "work"   // assign, note, hand on, mark as done
	Count  Action = "count"  // see and export the books on paper saved
	Tune   Action = "tune"   // change baseline, targets and factors of the books
	Manage Action = "manage" // accounts, tokens, rights
	Audit  Action = "audit"  // read the evidence log
)

// grants is the table of rights; what is not in it is denied.
var grants = map[Role][]Action{
	Mailroom:       {Enter, Hand, Sort, Keep, Find},
	Department:     {Enter, Hand, Find, Work},
	Sustainability: {Enter, Count, Tune},
	Administrator:  {Enter, Manage, Count},
	Auditor:        {Enter, Keep, Count, Audit},
}

// Person is who makes a request.
type Person struct {
	Account     string            // name of the account, for evidence and history
	Name        string            // as people call them
	Roles       []Role            // what the account is trusted with
	Departments []pipeline.DeptID // those that the role department extends to
	Everything  bool              // every action on every letter: who sits at a machine without accounts
}

// May says whether the person is granted an action.
func (p Person) May(a Action) bool {
	return p.Everything || slices.ContainsFunc(p.Roles, func(r Role) bool { return slices.Contains(grants[r], a) })
}

// Is says whether the person has a role.
func (p Person) Is(r Role) bool { return p.Everything || slices.Contains(p.Roles, r) }

// Sees gives the departments whose letters the person may see, for the
// catalogue's filter: nil is all letters, also those that are not filed yet; an
// empty list is none. The mailroom sees every letter, since it is what sorts
// them.
func (p Person) Sees() []pipeline.DeptID {
	if p.Is(Mailroom) {
		return nil
	}
	if p.Is(Department) {
		return append([]pipeline.DeptID{}, p.Departments...)
	}
	return []pipeline.DeptID{}
}

type personKey struct{}

// With gives a context that carries who makes the request.
func With(ctx context.Context, p Person) context.Context {
	return context.WithValue(ctx, personKey{}, p)
}

// From gives who makes the request; nobody, who may do nothing, if the context
// carries none.
func From(ctx context.Context) Person {
	p, _ := ctx.Value(personKey{}).(Person)
	return p
}
