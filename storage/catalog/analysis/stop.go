package analysis

import "strings"

// stops are words that hold German sentences together and say nothing about what
// they are about. A question may hold them ("In welchem Jahr wurde das Haus
// gebaut?"), the text that answers it need not.
var stops = func() map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(stopWords) {
		for _, t := range Tokens(w) {
			set[t.Form] = true
		}
	}
	return set
}()

// Stop says whether a form is such a word.
func Stop(form string) bool { return stops[form] }

const stopWords = `
	aber alle allem allen aller alles als also am an andere anderem anderen anderer anderes auch auf aus außer
	bei beim bereits bin bis bist bitte da dabei dadurch dafür dagegen daher damit danach daran darauf daraus darf
	darin darum darunter darüber das dass davon davor dazu dein deine dem demnach den denen denn dennoch der deren
	des deshalb dessen desto dich die dies diese diesem diesen dieser dieses dir doch dort du durch dürfen eher ein
	eine einem einen einer eines einige einigen er es etwa etwas euch euer falls für gab gegen gehabt genau gibt
	habe haben hat hatte hatten hätte her hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in
	indem ins ist ja jede jedem jeden jeder jedes jedoch jene jenem jenen jener jenes kann kein keine keinem keinen
	keiner könnte könnten können laut machen man manche mehr mein meine mich mir mit muss musste müssen nach nachdem
	nicht nichts noch nun nur ob obwohl oder ohne seid sein seine seinem seinen seiner seines seit selbst sich sie
	sind so sobald sodass sogar solche solchem solchen solcher soll sollen sollte sollten somit sondern sonst sowie
	trotz um und uns unser unsere unserem unseren unserer unter viel viele vielen vom von vor wann war waren warum
	was wegen weil welche welchem welchen welcher welches wem wen wenn wer werde werden weshalb wessen wie wieder
	wieso wieviel will wir wird wo wobei wodurch wofür woher wohin wollen womit woran woraus worden worin worüber
	wovon wozu wurde wurden während wäre wären würde würden zu zum zur zwar zwischen über`
