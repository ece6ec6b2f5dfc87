package access

import (
	"context"
	"slices"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
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
	Arrive Action = "arrive" // sign in, set up: whoever comes, signed in or not
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

// AllRoles lists the roles, in the order in which people read them.
func AllRoles() []Role {
	return []Role{Mailroom, Department, Sustainability, Administrator, Auditor}
}

// Scopes lists the actions that an API token may be given. Managing accounts and
// reading the evidence log are for people.
func Scopes() []Action { return []Action{Hand, Find, Sort, Work, Keep, Count, Tune} }

// Person is who makes a request: somebody who signed in, or a program with a
// token, which has scopes in place of roles.
type Person struct {
	ID          string            // of the account; "" if none stands behind the request
	Account     string            // name of the account, for evidence and history
	Name        string            // as people call them
	Roles       []Role            // what the account is trusted with
	Departments []pipeline.DeptID // those that the role department, or the token, extends to
	Scopes      []Action          // of a token
	AllLetters  bool              // the token sees letters of all departments
	Session     string            // key of the session, if it is one
	Language    string            // that the account reads: "de", "en" or ""
	Renew       bool              // the password was set by somebody else: a new one first
	Everything  bool              // every action on every letter: who sits at a machine without accounts
}

// Nobody says that nobody signed in.
func (p Person) Nobody() bool { return p.Account == "" }

// Same says that two requests were made by the same person with the same rights.
func (p Person) Same(q Person) bool {
	return p.Account == q.Account && p.Session == q.Session && p.Everything == q.Everything && p.AllLetters == q.AllLetters &&
		slices.Equal(p.Roles, q.Roles) && slices.Equal(p.Scopes, q.Scopes) && slices.Equal(p.Departments, q.Departments)
}

// May says whether the person is granted an action.
func (p Person) May(a Action) bool {
	return a == Arrive || p.Everything || slices.Contains(p.Scopes, a) ||
		slices.ContainsFunc(p.Roles, func(r Role) bool { return slices.Contains(grants[r], a) })
}

// Is says whether the person has a role.
func (p Person) Is(r Role) bool { return p.Everything || slices.Contains(p.Roles, r) }

// Sees gives the departments whose letters the person works with, for the
// catalogue's filter: nil is all letters, also those that are not filed yet; an
// empty list is none. What the person may see at all is narrower: [Person.Sight].
func (p Person) Sees() []pipeline.DeptID {
	switch {
	case p.Is(Mailroom), p.AllLetters:
		return nil
	case p.Is(Department), len(p.Scopes) > 0:
		return append([]pipeline.DeptID{}, p.Departments...)
	}
	return []pipeline.DeptID{}
}

// paperTime is how long the mailroom sees a letter after it was received, also if
// it is archived: six weeks, as long as offices usually keep the paper before they
// shred it (practice of the Main-Kinzig-Kreis, 2022). So long a scan can be held
// against its paper, and a letter in the wrong tray be put right. After that the
// letter is its department's business alone: need to know, Art. 5 (1) b and c GDPR.
const paperTime = 42 * 24 * time.Hour

// Sight is which letters the person may see: a department those that were filed
// with it, the mailroom those that are on their way, or were until not long ago.
// Administrators, auditors and the sustainability team read no letters.
func (p Person) Sight(now time.Time) catalog.Sight {
	s := catalog.Sight{All: p.Everything || p.AllLetters}
	if p.Is(Department) || len(p.Scopes) > 0 {
		s.Departments = p.Departments
	}
	if p.Is(Mailroom) {
		s.Unsettled, s.Since = true, now.Add(-paperTime)
	}
	return s
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
