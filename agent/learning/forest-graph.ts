import { GraphBuilder } from './graph-builder.ts'
import { expectedPathLength } from './isolation-forest.ts'
import type { IsolationForest } from './isolation-forest.ts'

/** The attributes of TreeEnsembleRegressor, one array entry a node or leaf. */
interface EnsembleNodes {
  readonly treeIds: number[]
  readonly nodeIds: number[]
  readonly featureIds: number[]
  readonly values: number[]
  readonly modes: string[]
  readonly trueNodeIds: number[]
  readonly falseNodeIds: number[]
  readonly leafTreeIds: number[]
  readonly leafNodeIds: number[]
  readonly leafWeights: number[]
}

/** The forest as an ONNX file: `rows` [rows, width] in, `score` [rows, 1] out. The mean path comes from a TreeEnsembleRegressor. */
export function forestGraph(forest: IsolationForest): Uint8Array {
  const graph = new GraphBuilder()
  const rows = graph.input('rows', ['rows', forest.width])
  const nodes = ensembleNodes(forest)
  const leaves = nodes.leafTreeIds.length
  const meanPath = graph.node({ type: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml',
    attributes: {
      n_targets: { int: 1 }, aggregate_function: { string: 'SUM' }, post_transform: { string: 'NONE' },
      nodes_treeids: { ints: nodes.treeIds }, nodes_nodeids: { ints: nodes.nodeIds }, nodes_featureids: { ints: nodes.featureIds },
      nodes_values: { floats: nodes.values }, nodes_modes: { strings: nodes.modes },
      nodes_truenodeids: { ints: nodes.trueNodeIds }, nodes_falsenodeids: { ints: nodes.falseNodeIds },
      target_treeids: { ints: nodes.leafTreeIds }, target_nodeids: { ints: nodes.leafNodeIds },
      target_ids: { ints: Array.from({ length: leaves }, () => 0) }, target_weights: { floats: nodes.leafWeights },
    } }, [rows], ['rows', 1])
  const exponent = graph.node('Mul', [meanPath, graph.constant([-1 / expectedPathLength(forest.subsample)], [1])], ['rows', 1])
  graph.output('score', graph.node('Pow', [graph.constant([2], [1]), exponent], ['rows', 1]))
  return graph.encode('isolation-forest')
}

function ensembleNodes({ trees }: IsolationForest): EnsembleNodes {
  const nodes: EnsembleNodes = {
    treeIds: [], nodeIds: [], featureIds: [], values: [], modes: [], trueNodeIds: [], falseNodeIds: [],
    leafTreeIds: [], leafNodeIds: [], leafWeights: [],
  }
  for (const [treeId, tree] of trees.entries()) {
    for (const [nodeId, feature] of tree.feature.entries()) {
      const isLeaf = feature < 0
      nodes.treeIds.push(treeId)
      nodes.nodeIds.push(nodeId)
      nodes.featureIds.push(isLeaf ? 0 : feature)
      nodes.values.push(isLeaf ? 0 : tree.threshold[nodeId]!)
      nodes.modes.push(isLeaf ? 'LEAF' : 'BRANCH_LEQ')
      nodes.trueNodeIds.push(isLeaf ? 0 : tree.left[nodeId]!)
      nodes.falseNodeIds.push(isLeaf ? 0 : tree.right[nodeId]!)
      if (!isLeaf) continue
      nodes.leafTreeIds.push(treeId)
      nodes.leafNodeIds.push(nodeId)
      nodes.leafWeights.push(tree.pathLength[nodeId]! / trees.length)
    }
  }
  return nodes
}
