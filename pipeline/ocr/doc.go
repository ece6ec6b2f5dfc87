// Package ocr reads the pictures of pages: the step "read". It is the only room
// that knows tesseract and Leptonica.
//
// # What it promises
//
// [Room.Step] fills in Page.Blank, Page.Ink and Page.Reading of every page that
// carries no good text of its own, and keeps the words with their places,
// baselines and confidences as a [blattwerk/pipeline.PageText]. The kept
// picture is never changed: turning, straightening and cleaning happen to a copy
// that is read and thrown away, and what was done is recorded. A page that
// cannot be read is a fault with a reason; it does not touch other documents.
//
// # How it is built
//
// Foreign C code reads bytes that strangers sent, so it runs in child processes
// of our own binary (see [blattwerk/pipeline/child]) with a memory limit and a
// deadline for each page. That is also the only reliable way to stop tesseract:
// its cancel callback is not asked during layout analysis. The children run one
// thread each (OMP_THREAD_LIMIT=1): two threads gain 8 % of time for 48 % more
// CPU, and several children with threads fight.
//
// gosseract drives tesseract: life cycle, languages, variables, and one pass of
// recognition for each page. Of its results, hOCR alone holds words, boxes,
// confidences and baselines together, so it is that which is parsed; every
// further call would recognise again. Its handle is private and is left alone.
// What gosseract lacks goes over the C interfaces of the same libraries:
// Leptonica's page operations (pix.go) and, where Leptonica is unsure how a page
// stands, tesseract's finder of orientation (osd.go). gosseract leaks the text
// of each result (about 100 KB for a full page), which the regular replacement
// of children bounds.
//
// A page is looked over at 150 dpi first: is it blank, along which axis do its
// lines run, where is up, how skewed is it. Then it is turned, straightened, its
// background levelled, its paper made white, its specks painted over if it is
// full of them, and read as one column of text of different sizes. A second look
// (upside down, or with the full analysis of the layout) is taken only where the
// first made little sense. Pages finer than 400 dpi are read at 300, very large
// ones more coarsely, and boxes are given in pixels of the full page.
//
// Leptonica gives the same answer for bad bytes and for want of memory. Bytes
// are called damaged only if there would have been memory enough; else the child
// gives up, a fresh one tries once more, and then a person is asked.
//
// # What it leaves to others
//
// Files become page pictures in [blattwerk/pipeline/scan], which borrows
// [Room.Decode] and [Room.Probe]; words become text under a page in
// [blattwerk/pipeline/pdfa].
//
// Blank backs are judged here and not at opening, because the child has the
// decoded picture at hand anyway; decoding each page twice would cost more than
// the judgement.
package ocr
