import { type Head, type Lessons, type Method, predict, trainHead } from './head.ts';

/**
 * What each picture is taken for by a head that was trained on all the others: an estimate of how good
 * the head of all is on pictures that it has not seen.
 * @param head of all pictures
 * @param onStep called after each picture
 * @returns a class for each picture; undefined for the only picture of a class
 */
export function leaveOneOut(
  lessons: Lessons,
  method: Method,
  head: Head,
  onStep: () => void = () => undefined,
): (number | undefined)[] {
  const { features, classes, classCount } = lessons;
  return features.map((vector, left) => {
    const others = {
      features: features.filter((_, i) => i !== left),
      classes: classes.filter((_, i) => i !== left),
      classCount,
    };
    const isKnown = others.classes.includes(classes[left]!);
    const predicted = isKnown ? predict(trainHead(others, method, head), vector) : undefined;
    onStep();
    return predicted;
  });
}
