import { describe, expect, it } from 'vitest';
import { rawModel } from './foreign.testing.ts';
import { takeApart } from './foreign-parts.ts';
import { checkTrees } from './foreign-trees.ts';

/** Five nodes of one tree: 0 branches to 1 and 2, and 1 to two nodes that are given. */
const check = (whenTrue: number, whenFalse: number) => {
  const attributes = {
    nodes_treeids: [7, 7, 7, 7, 7],
    nodes_nodeids: [0, 1, 2, 3, 4],
    nodes_truenodeids: [1, whenTrue, 0, 0, 0],
    nodes_falsenodeids: [2, whenFalse, 0, 0, 0],
    nodes_modes: ['BRANCH_LEQ', 'BRANCH_LEQ', 'LEAF', 'LEAF', 'LEAF'],
  };
  const ensemble = { operator: 'TreeEnsembleRegressor', inputs: ['x'], outputs: ['y'], attributes };
  checkTrees(takeApart(rawModel({ nodes: [ensemble] })).graph);
};

describe('the branches of a tree ensemble', () => {
  it('may end in leaves, meet in one, or lead to a node that is not there', () => {
    expect(() => check(3, 4)).not.toThrow();
    expect(() => check(3, 2)).not.toThrow();
    expect(() => check(3, 3)).not.toThrow();
    expect(() => check(3, 9)).not.toThrow();
  });

  it('must not lead back to a node above, or to themselves', () => {
    expect(() => check(3, 0)).toThrow(
      'tree 7 of TreeEnsembleRegressor goes in a circle: node 0 is its own descendant',
    );
    expect(() => check(1, 4)).toThrow('node 1 is its own descendant');
  });
});
