import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.Map;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.reindex.ReindexPlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessPlugin;
import org.opensearch.transport.Netty4Plugin;

/** One node. Arguments: its home, and the folder of its configuration. */
public class Server {
  private static class OfClassPath extends Node {
    OfClassPath(Environment environment) {
      super(
          environment,
          List.of(
              Netty4Plugin.class,
              PainlessPlugin.class,
              CommonAnalysisPlugin.class,
              ReindexPlugin.class),
          true);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path home = Paths.get(arguments[0]), configuration = Paths.get(arguments[1]);
    System.setProperty("opensearch.path.home", home.toString());
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(
            Settings.EMPTY, Map.of("path.home", home.toString()), configuration, () -> "node");
    LogConfigurator.configure(environment);
    new OfClassPath(environment).start();
    Thread.currentThread().join();
  }
}
