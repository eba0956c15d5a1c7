import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confusionMatrix } from './confusion-matrix.ts';
import { equalWeights } from './metric.ts';
import { scoreClasses, weighClasses } from './scored-classes.ts';

function matrixOf(labels: readonly string[], predicted: readonly string[], classes: readonly string[]) {
  const scored = scoreClasses({ task: 'classification', labels, predicted, classes });
  return confusionMatrix(weighClasses(scored, equalWeights(labels.length)));
}

/** Class k of `count` has k + 1 rows, all predicted as themselves but one that is taken for the next class. */
function classesOfRisingSize(count: number) {
  const classes = Array.from({ length: count }, (_, at) => `c${at}`);
  const labels = classes.flatMap((name, at) => new Array<string>(at + 1).fill(name));
  const predicted = classes.flatMap((name, at) => [
    classes[(at + 1) % count]!,
    ...new Array<string>(at).fill(name),
  ]);
  return { classes, labels, predicted };
}

describe('confusionMatrix', () => {
  // confusion_matrix(["cat", "ant", "cat", "cat", "ant", "bird"], ["ant", "ant", "cat", "cat", "ant", "cat"], labels=["ant", "bird", "cat"])
  test('agrees with scikit-learn: labels in rows, predictions in columns', () => {
    const labels = ['cat', 'ant', 'cat', 'cat', 'ant', 'bird'];
    const predicted = ['ant', 'ant', 'cat', 'cat', 'ant', 'cat'];
    expect(matrixOf(labels, predicted, ['ant', 'bird', 'cat']).counts).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ]);
  });

  test('a label that is none of the model’s classes has a row after them', () => {
    expect(matrixOf(['z', 'a'], ['a', 'a'], ['a', 'b'])).toEqual({
      classes: ['a', 'b', 'z'],
      counts: [
        [1, 0, 0],
        [0, 0, 0],
        [1, 0, 0],
      ],
    });
  });

  test('100 classes are shown one by one; of 101 the 20 with most rows, and 81 as one', () => {
    const all = classesOfRisingSize(100);
    expect(matrixOf(all.labels, all.predicted, all.classes)).toMatchObject({ classes: all.classes });
    const more = classesOfRisingSize(101);
    const { classes, counts, other } = matrixOf(more.labels, more.predicted, more.classes);
    expect(classes).toEqual([...more.classes.slice(81), 'other classes']);
    expect(other).toBe(81);
    // c100 has 101 rows, one of which is taken for c0, and c80's one mistake is the only other row taken for c81
    expect(counts[19]![19]).toBe(100);
    expect(counts[19]![20]).toBe(1);
    expect(counts[20]![0]).toBe(1);
  });

  test('rows add up to the labels, columns to the predictions, all to the number of rows', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd');
    fc.assert(
      fc.property(fc.array(fc.tuple(names, names), { maxLength: 60 }), (pairs) => {
        const [labels, predicted] = [pairs.map(([label]) => label), pairs.map(([, answer]) => answer)];
        const { classes, counts } = matrixOf(labels, predicted, ['a', 'b']);
        const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
        classes.forEach((name, at) => {
          expect(sum(counts[at]!)).toBe(labels.filter((label) => label === name).length);
          expect(sum(counts.map((row) => row[at]!))).toBe(
            predicted.filter((answer) => answer === name).length,
          );
        });
        expect(sum(counts.map(sum))).toBe(pairs.length);
      }),
    );
  });
});
