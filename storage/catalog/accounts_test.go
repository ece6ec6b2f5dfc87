package catalog_test

import (
	"errors"
	"slices"
	"sync"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// addAccount creates an account that signs in with a password.
func (w *world) addAccount(login string, roles []string, departments ...pipeline.DeptID) catalog.Account {
	w.Helper()
	a, err := w.AddAccount(w.Context(), catalog.Account{Login: login, Name: "Frau " + login, Roles: roles, Departments: departments}, "hash of "+login, "test")
	w.ok(err)
	return a
}

func testAccounts(w *world) {
	ctx := w.Context()
	some, err := w.HasAccounts(ctx)
	w.ok(err)
	if some {
		w.Error("a new catalogue has accounts")
	}
	a := w.addAccount(" Schmidt ", []string{"administrator"}, "20")
	if a.Login != "schmidt" || a.ID == "" || !a.HasPassword {
		w.Errorf("account is %+v", a)
	}
	_, err = w.AddAccount(ctx, catalog.Account{Login: "SCHMIDT"}, "", "test")
	w.is(err, catalog.ErrTaken)
	if _, err := w.AddAccount(ctx, catalog.Account{Login: "  "}, "", "test"); err == nil {
		w.Error("an account without a login was made")
	}
	b := w.addAccount("meier", []string{"department"}, "32", "50")
	got, hash, err := w.AccountByLogin(ctx, "Schmidt")
	w.ok(err)
	if got.ID != a.ID || hash != "hash of  Schmidt " || !slices.Equal(got.Departments, a.Departments) {
		w.Errorf("by login: %+v, %s", got, hash)
	}
	_, _, err = w.AccountByLogin(ctx, "niemand")
	w.is(err, catalog.ErrNoAccount)

	got.Disabled = true
	w.is(w.ChangeAccount(ctx, got, "test"), catalog.ErrLastAdmin)
	got.Disabled, got.Roles = false, []string{"auditor"}
	w.is(w.ChangeAccount(ctx, got, "test"), catalog.ErrLastAdmin)
	b.Roles = append(b.Roles, "administrator")
	w.ok(w.ChangeAccount(ctx, b, "schmidt"))
	got.Deputies = []catalog.Deputy{{Account: b.ID, From: w.clock.Now().Add(time.Hour), To: w.clock.Now().Add(2 * time.Hour)}}
	w.ok(w.ChangeAccount(ctx, got, "schmidt"))
	if got, err = w.Account(ctx, a.ID); err != nil || len(got.Deputies) != 1 || !got.Deputies[0].To.Equal(w.clock.Now().Add(2*time.Hour)) || got.Roles[0] != "auditor" {
		w.Errorf("changed to %+v, %v", got, err)
	}
	list, err := w.Accounts(ctx)
	w.ok(err)
	if len(list) != 2 || list[0].Login != "meier" || list[1].Login != "schmidt" {
		w.Errorf("list is %+v", list)
	}
	w.is(w.ChangeAccount(ctx, catalog.Account{ID: "none"}, "test"), catalog.ErrNoAccount)

	w.ok(w.SetPassword(ctx, b.ID, "other", "key of a session", "meier"))
	w.ok(w.Rehash(ctx, b.ID, "not the one", "stale"))
	b, hash, err = w.AccountByLogin(ctx, "meier")
	w.ok(err)
	if hash != "other" || b.Renew {
		w.Errorf("password is %s, renew %v", hash, b.Renew)
	}
	w.ok(w.SetPassword(ctx, b.ID, "by another", "", "schmidt"))
	if b, _ = w.Account(ctx, b.ID); !b.Renew {
		w.Error("a password that somebody else set need not be changed")
	}
	w.ok(w.SetLanguage(ctx, b.ID, "en"))
	if b, _ = w.Account(ctx, b.ID); b.Language != "en" {
		w.Errorf("language is %q", b.Language)
	}
	w.ok(w.VerifyLog(ctx, nil))
}

// testFirstAccount lets many create the first account at once: one does.
func testFirstAccount(w *world) {
	ctx := w.Context()
	w.ok(w.OfferSetup(ctx, "code", w.clock.Now().Add(time.Hour)))
	w.ok(w.OfferSetup(ctx, "old", w.clock.Now().Add(-time.Hour)))
	for _, code := range []string{"", "wrong", "old"} {
		_, err := w.AddFirst(ctx, catalog.Account{Login: "x"}, "h", code)
		w.is(err, catalog.ErrNotFirst)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for i := range 8 {
		wg.Go(func() {
			_, err := w.AddFirst(ctx, catalog.Account{Login: string(rune('a' + i)), Roles: []string{"administrator"}}, "h", "code")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, catalog.ErrNotFirst) {
				w.Error(err)
			}
		})
	}
	wg.Wait()
	if list, _ := w.Accounts(ctx); made != 1 || len(list) != 1 {
		w.Errorf("%d first accounts were made, there are %d", made, len(list))
	}
	_, err := w.AddFirst(ctx, catalog.Account{Login: "z"}, "h", "code")
	w.is(err, catalog.ErrNotFirst)
}

func testSessions(w *world) {
	ctx := w.Context()
	w.addAccount("chef", []string{"administrator"})
	a := w.addAccount("schmidt", []string{"department"}, "32")
	b := w.addAccount("meier", []string{"department"}, "50")
	start := func(key, account string, life time.Duration) {
		w.ok(w.StartSession(ctx, catalog.Session{Key: key, Account: account, Expires: w.clock.Now().Add(life), Address: "192.0.2.1", Agent: "Browser"}))
	}
	present := func(key string) error { _, err := w.Present(ctx, key, time.Hour); return err }
	w.is(present("k1"), catalog.ErrNoSession)
	start("k1", a.ID, 3*time.Hour)
	start("k2", a.ID, 3*time.Hour)
	p, err := w.Present(ctx, "k1", time.Hour)
	w.ok(err)
	if p.Account.Login != "schmidt" || p.Session.Address != "192.0.2.1" || !p.Account.SignedIn.Equal(w.clock.Now()) || p.Covers != nil {
		w.Errorf("presence is %+v", p)
	}
	w.clock.turn(50 * time.Minute)
	w.ok(present("k1")) // counts as use
	w.clock.turn(50 * time.Minute)
	w.ok(present("k1"))
	w.is(present("k2"), catalog.ErrNoSession) // not used for longer than an hour
	w.clock.turn(30 * time.Minute)
	w.ok(present("k1"))
	w.clock.turn(51 * time.Minute)
	w.is(present("k1"), catalog.ErrNoSession) // at its end, although used

	start("k3", a.ID, time.Hour)
	start("k4", a.ID, time.Hour)
	start("k5", b.ID, time.Hour)
	list, err := w.Sessions(ctx, a.ID)
	w.ok(err)
	if len(list) != 2 {
		w.Errorf("sessions are %+v", list)
	}
	w.is(w.EndSession(ctx, a.ID, "k5", "schmidt"), catalog.ErrNoSession) // of somebody else
	w.ok(w.EndSession(ctx, a.ID, "k3", "schmidt"))
	w.is(present("k3"), catalog.ErrNoSession)
	start("k6", a.ID, time.Hour)
	w.ok(w.SetPassword(ctx, a.ID, "new", "k6", "schmidt"))
	w.is(present("k4"), catalog.ErrNoSession)
	w.ok(present("k6"))

	a.Deputies = []catalog.Deputy{{Account: b.ID, From: w.clock.Now(), To: w.clock.Now().Add(time.Minute)}}
	w.ok(w.ChangeAccount(ctx, a, "test"))
	if p, err = w.Present(ctx, "k5", time.Hour); err != nil || !slices.Equal(p.Covers, []pipeline.DeptID{"32"}) {
		w.Errorf("the deputy covers %v, %v", p.Covers, err)
	}
	b.Departments = append(slices.Clone(b.Departments), "20")
	w.ok(w.ChangeAccount(ctx, b, "test"))
	if p, err = w.Present(ctx, "k5", time.Hour); err != nil || p.Covers == nil {
		w.Errorf("with more departments the deputy covers %v, %v", p.Covers, err)
	}
	b.Departments = []pipeline.DeptID{"20"}
	w.ok(w.ChangeAccount(ctx, b, "test"))
	if p, err = w.Present(ctx, "k5", time.Hour); err != nil || p.Covers != nil {
		w.Errorf("without its department the deputy covers %v, %v", p.Covers, err)
	}
	w.ok(w.ChangeAccount(ctx, a, "test")) // names it again
	if p, err = w.Present(ctx, "k5", time.Hour); err != nil || p.Covers == nil {
		w.Errorf("named again the deputy covers %v, %v", p.Covers, err)
	}
	w.clock.turn(time.Minute)
	if p, err = w.Present(ctx, "k5", time.Hour); err != nil || p.Covers != nil {
		w.Errorf("after the end the deputy covers %v, %v", p.Covers, err)
	}
	b.Disabled = true
	w.ok(w.ChangeAccount(ctx, b, "test"))
	w.is(present("k5"), catalog.ErrNoSession)
	w.is(w.StartSession(ctx, catalog.Session{Key: "k7", Account: b.ID, Expires: w.clock.Now().Add(time.Hour)}), catalog.ErrNoAccount)
	w.ok(w.FailedSignIn(ctx, ""))
	events, err := w.SignIns(ctx, 0, 3)
	w.ok(err)
	if len(events) != 3 || events[0].Kind != "sign-in-failed" || events[1].Kind != "signed-in" || events[1].Actor != "schmidt" {
		w.Errorf("sign-ins are %+v", events)
	}
	older, err := w.SignIns(ctx, events[2].N, 100)
	w.ok(err)
	if len(older) != 5 || older[0].N >= events[2].N {
		w.Errorf("older sign-ins are %+v", older)
	}
}

// testAttempts guesses a password, at first slowly, then from many places at once.
func testAttempts(w *world) {
	ctx := w.Context()
	login, address := catalog.Guess{Key: "login", Free: 2}, catalog.Guess{Key: "address", Free: 5}
	try := func() time.Duration {
		wait, err := w.Attempt(ctx, login, address)
		w.ok(err)
		return wait
	}
	var waits []time.Duration
	for range 6 {
		wait := try()
		waits = append(waits, wait)
		w.clock.turn(wait)
	}
	if want := []time.Duration{0, 0, 0, 2 * time.Second, 0, 4 * time.Second}; !slices.Equal(waits, want) {
		w.Errorf("waits are %v, want %v", waits, want)
	}
	if wait, err := w.Attempt(ctx, catalog.Guess{Key: "another", Free: 2}, address); err != nil || wait != 0 {
		w.Errorf("another login waits %v, %v", wait, err)
	}
	w.ok(w.Forgive(ctx, login, address))
	if wait := try(); wait != 0 {
		w.Errorf("after the right password the next one waits %v", wait)
	}
	w.clock.turn(-time.Hour) // a clock that jumps back holds nobody up
	w.clock.turn(25 * time.Hour)
	if wait := try(); wait != 0 {
		w.Errorf("after a day the next one waits %v", wait)
	}

	let, at := 0, catalog.Guess{Key: "many at once", Free: 3}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 12 {
		wg.Go(func() {
			wait, err := w.Attempt(ctx, at)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				w.Error(err)
			}
			if wait == 0 {
				let++
			}
		})
	}
	wg.Wait()
	if let != 4 {
		w.Errorf("%d of 12 attempts at once were let through, want 4", let)
	}
	for range 40 {
		wait, err := w.Attempt(ctx, at)
		w.ok(err)
		if wait > 5*time.Minute {
			w.Fatalf("waits %v", wait)
		}
		w.clock.turn(wait)
	}
}

func testTokens(w *world) {
	ctx := w.Context()
	_, err := w.TokenByHash(ctx, "h")
	w.is(err, catalog.ErrNoToken)
	if _, err := w.AddToken(ctx, catalog.Token{Name: "endless", By: "test"}, "h"); err == nil {
		w.Error("a token without an end was made")
	}
	made, err := w.AddToken(ctx, catalog.Token{
		Name: "Scanner", Scopes: []string{"hand"}, Departments: []pipeline.DeptID{"32"}, By: "schmidt", Expires: w.clock.Now().Add(time.Hour),
	}, "h")
	w.ok(err)
	got, err := w.TokenByHash(ctx, "h")
	w.ok(err)
	if got.ID != made.ID || got.Name != "Scanner" || got.Scopes[0] != "hand" || got.Departments[0] != "32" || got.All {
		w.Errorf("token is %+v", got)
	}
	list, err := w.Tokens(ctx)
	w.ok(err)
	if len(list) != 1 || !list[0].Used.Equal(w.clock.Now()) {
		w.Errorf("tokens are %+v", list)
	}
	w.ok(w.RevokeToken(ctx, made.ID, "schmidt"))
	w.is(w.RevokeToken(ctx, made.ID, "schmidt"), catalog.ErrNoToken)
	_, err = w.TokenByHash(ctx, "h")
	w.is(err, catalog.ErrNoToken)
	_, err = w.AddToken(ctx, catalog.Token{Name: "Kurz", By: "schmidt", Expires: w.clock.Now().Add(time.Minute)}, "h2")
	w.ok(err)
	w.clock.turn(time.Minute)
	_, err = w.TokenByHash(ctx, "h2")
	w.is(err, catalog.ErrNoToken)

	w.ok(w.SetGroup(ctx, catalog.Group{Name: "amt32", Roles: []string{"department"}, Departments: []pipeline.DeptID{"32"}}, "schmidt"))
	w.ok(w.SetGroup(ctx, catalog.Group{Name: "amt32", Roles: []string{"department"}, Departments: []pipeline.DeptID{"32", "33"}}, "schmidt"))
	w.ok(w.SetGroup(ctx, catalog.Group{Name: "Poststelle", Roles: []string{"mailroom"}}, "schmidt"))
	groups, err := w.Groups(ctx)
	w.ok(err)
	if len(groups) != 2 || groups[0].Name != "Poststelle" || !slices.Equal(groups[1].Departments, []pipeline.DeptID{"32", "33"}) {
		w.Errorf("groups are %+v", groups)
	}
	w.ok(w.SetGroup(ctx, catalog.Group{Name: "amt32"}, "schmidt"))
	if groups, _ = w.Groups(ctx); len(groups) != 1 {
		w.Errorf("groups are %+v", groups)
	}
}

func testEnrol(w *world) {
	ctx := w.Context()
	w.addAccount("chef", []string{"administrator"})
	who := catalog.Account{Login: "Schmidt@stadt", Name: "Frau Schmidt", Roles: []string{"department"}, Departments: []pipeline.DeptID{"32"}, Issuer: "https://idp", Subject: "s1"}
	first, err := w.Enrol(ctx, who)
	w.ok(err)
	who.Departments, who.Login = []pipeline.DeptID{"32", "50"}, "married@stadt"
	second, err := w.Enrol(ctx, who)
	w.ok(err)
	if second.ID != first.ID || second.Login != "schmidt@stadt" || len(second.Departments) != 2 {
		w.Errorf("enrolled as %+v, then %+v", first, second)
	}
	_, err = w.Enrol(ctx, catalog.Account{Login: "chef", Issuer: "https://idp", Subject: "s2"})
	w.is(err, catalog.ErrTaken)
	if _, err := w.Enrol(ctx, catalog.Account{Login: "x"}); err == nil {
		w.Error("somebody was enrolled whom nobody vouches for")
	}
}

// testSight holds what is seen against letters in all states.
func testSight(w *world) {
	ctx := w.Context()
	archived := w.archive(w.deliver("a"), text("Wort")) // of department 32
	w.clock.turn(time.Hour)
	guessed := w.deliver("b")
	job := w.claim(guessed.ID, pipeline.StepOpen, 0, "p")
	guess := job.Document
	guess.Filing = &pipeline.Filing{Department: "32", Type: "32-OWI", Confidence: 0.4}
	w.ok(w.Park(ctx, job, fault, guess))
	later := w.archive(w.deliver("c"), text("Wort"))
	for name, tc := range map[string]struct {
		sight catalog.Sight
		want  []pipeline.DocID
	}{
		"none":              {catalog.Sight{}, nil},
		"all":               {catalog.Sight{All: true}, []pipeline.DocID{archived.ID, guessed.ID, later.ID}},
		"department":        {catalog.Sight{Departments: []pipeline.DeptID{"32"}}, []pipeline.DocID{archived.ID, later.ID}},
		"other department":  {catalog.Sight{Departments: []pipeline.DeptID{"50"}}, nil},
		"mailroom":          {catalog.Sight{Unsettled: true, Since: w.clock.Now()}, []pipeline.DocID{guessed.ID, later.ID}},
		"mailroom and dept": {catalog.Sight{Departments: []pipeline.DeptID{"50", "32"}, Unsettled: true, Since: w.clock.Now()}, []pipeline.DocID{archived.ID, guessed.ID, later.ID}},
	} {
		f := catalog.Filter{Sight: &tc.sight}
		list, _, err := w.List(ctx, f)
		w.ok(err)
		var got []pipeline.DocID
		for _, e := range list {
			got = append(got, e.Document.ID)
		}
		slices.Sort(got)
		slices.Sort(tc.want)
		if !slices.Equal(got, tc.want) {
			w.Errorf("%s: listed %v, want %v", name, got, tc.want)
		}
		counts, err := w.CountsOf(ctx, f)
		w.ok(err)
		n := 0
		for _, c := range counts.States {
			n += c
		}
		hits, err := w.Search(ctx, catalog.Query{Words: "Wort", Filter: f})
		w.ok(err)
		found := 0
		for _, id := range tc.want {
			if id != guessed.ID {
				found++
			}
		}
		if n != len(tc.want) || hits.Total != found || len(hits.Hits) != found {
			w.Errorf("%s: counted %d, found %d, want %d and %d", name, n, hits.Total, len(tc.want), found)
		}
		for _, id := range []pipeline.DocID{archived.ID, guessed.ID, later.ID, "none"} {
			_, err := w.Find(ctx, id, f)
			if may := slices.Contains(tc.want, id); may && err != nil || !may && !errors.Is(err, catalog.ErrUnknown) {
				w.Errorf("%s: finding %s: %v", name, id, err)
			}
		}
	}
}
