// Package learn tells texts of several classes apart after having been shown
// examples. It knows nothing of letters, departments or catalogues: words and
// class names go in, guesses with an honest confidence come out.
//
// # Why code of our own
//
// Sorting is what this program exists for, and what is needed is small: hashed
// words and character n-grams with TF-IDF ([Text]), one linear separator for each
// class (a support vector machine, trained in the dual in seconds), a scale that
// turns distances into probabilities ([Scale]), and a threshold for each class.
// A linear model is as good on texts of this kind as what the field publishes for
// much larger ones (docs/sorting.md), it says which words moved it, and it runs on
// the machine that a town hall has. No text leaves the house for it.
//
// # Promises
//
//   - The same examples in any order give the same model, byte by byte.
//   - Confidence and thresholds come only from texts that were held out of
//     training; copies of one text are held out together.
//   - A model ([Model.Bytes]) carries no word of any text: features are hashed, a
//     feature stays only if two texts share it, and long numbers are none. It
//     names itself by its content ([Model.Version]) and says in its first lines
//     what it is, what it learned and how good it was.
//   - [Decode] takes bytes from outside: it refuses what does not fit together,
//     and its memory is bounded.
package learn
