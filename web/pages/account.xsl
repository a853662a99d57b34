<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- The account, and how logins and logouts end. -->

    <xsl:template match="account" mode="title"><m:t k="account.title"/></xsl:template>
    <xsl:template match="account" mode="main">
        <xsl:call-template name="back"/>
        <xsl:call-template name="notice"/>
        <h1><m:t k="account.title"/></h1>
        <section aria-labelledby="sent">
            <h2 id="sent"><m:t k="account.sent"/></h2>
            <p>
                <m:t k="account.sent.text">
                    <m:with name="idp"><strong><xsl:value-of select="i:name(idp)"/></strong></m:with>
                    <m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="login/@at"/></xsl:call-template></m:with>
                </m:t>
            </p>
            <xsl:call-template name="needs"/>
            <p class="hint"><m:t k="account.wrong"/></p>
            <dl class="facts">
                <div><dt><m:t k="account.idp"/></dt><dd class="mono"><xsl:value-of select="idp/@entity"/></dd></div>
                <xsl:if test="idp/@contact-mail != ''">
                    <div><dt><m:t k="account.contact"/></dt><dd><xsl:value-of select="idp/@contact-name"/><xsl:text> </xsl:text><a href="mailto:{idp/@contact-mail}"><xsl:value-of select="idp/@contact-mail"/></a></dd></div>
                </xsl:if>
                <div>
                    <dt><m:t k="account.context"/></dt>
                    <dd>
                        <xsl:for-each select="login"><xsl:call-template name="context"/></xsl:for-each>
                        <xsl:if test="login/@authn-at"><span class="sub"><xsl:call-template name="moment"><xsl:with-param name="at" select="login/@authn-at"/></xsl:call-template></span></xsl:if>
                    </dd>
                </div>
                <div><dt><m:t k="account.until"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="login/@until"/></xsl:call-template></dd></div>
            </dl>
        </section>
        <section aria-labelledby="changes">
            <h2 id="changes"><m:t k="account.changes"/></h2>
            <xsl:choose>
                <xsl:when test="change">
                    <ol class="history changes">
                        <xsl:for-each select="change">
                            <xsl:sort select="position()" data-type="number" order="descending"/>
                            <li>
                                <xsl:call-template name="moment"><xsl:with-param name="at" select="@at"/></xsl:call-template>
                                <span>
                                    <strong><m:t k="change.{@field}"/></strong>
                                    <span class="was-is">
                                        <xsl:choose><xsl:when test="@was != ''"><del><xsl:value-of select="@was"/></del></xsl:when><xsl:otherwise><span class="hint"><m:t k="change.nothing"/></span></xsl:otherwise></xsl:choose>
                                        <xsl:text> → </xsl:text>
                                        <xsl:choose><xsl:when test="@is != ''"><ins><xsl:value-of select="@is"/></ins></xsl:when><xsl:otherwise><span class="hint"><m:t k="change.nothing"/></span></xsl:otherwise></xsl:choose>
                                    </span>
                                </span>
                            </li>
                        </xsl:for-each>
                    </ol>
                    <p class="hint"><m:t k="account.changes.certificates"/></p>
                </xsl:when>
                <xsl:otherwise><p class="hint"><m:t k="account.changes.none"/></p></xsl:otherwise>
            </xsl:choose>
        </section>
        <section aria-labelledby="notices">
            <h2 id="notices"><m:t k="account.notices"/></h2>
            <p><m:t k="account.notices.text"/></p>
            <form method="post" action="/account/notices">
                <xsl:call-template name="csrf"/>
                <label class="choice">
                    <input type="checkbox" name="notices" value="on">
                        <xsl:if test="@notices"><xsl:attribute name="checked">checked</xsl:attribute></xsl:if>
                    </input>
                    <span><m:t k="account.notices.on"/><small><m:t k="account.notices.hint"/></small></span>
                </label>
                <p class="actions"><button type="submit"><m:t k="account.notices.save"/></button></p>
            </form>
        </section>
        <section class="apart" aria-labelledby="logout">
            <h2 id="logout"><m:t k="frame.menu.logout"/></h2>
            <div class="apart-row">
                <p><m:t k="account.logout.text"/></p>
                <form method="post" action="/logout">
                    <xsl:call-template name="csrf"/>
                    <button type="submit"><m:t k="frame.menu.logout"/></button>
                </form>
            </div>
        </section>
    </xsl:template>

    <!-- Logged out here; where the IdP takes part the page goes on to it by itself. -->
    <xsl:template match="logged-out" mode="title"><m:t k="logout.title"/></xsl:template>
    <xsl:template match="logged-out" mode="head">
        <xsl:if test="continue[starts-with(@href, 'https://') or starts-with(@href, 'http://')]">
            <meta http-equiv="refresh" content="0;url={continue/@href}"/>
        </xsl:if>
    </xsl:template>
    <xsl:template match="logged-out" mode="main">
        <h1><m:t k="logout.title"/></h1>
        <xsl:choose>
            <xsl:when test="continue[starts-with(@href, 'https://') or starts-with(@href, 'http://')]">
                <p class="lead" role="status"><m:t k="logout.going-on" idp="i:name(continue)"/></p>
                <p class="actions"><a class="button main" href="{continue/@href}"><m:t k="logout.go-on"/></a></p>
            </xsl:when>
            <xsl:when test="continue/form">
                <p class="lead" role="status"><m:t k="logout.going-on" idp="i:name(continue)"/></p>
                <xsl:apply-templates select="continue/form" mode="carried"/>
            </xsl:when>
            <xsl:when test="@partial">
                <p class="lead"><m:t k="logout.partial"/></p>
                <p class="actions"><a class="button" href="/"><m:t k="back.front"/></a></p>
            </xsl:when>
            <xsl:otherwise>
                <p class="lead"><m:t k="logout.done"/></p>
                <p class="actions"><a class="button" href="/"><m:t k="back.front"/></a></p>
            </xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- A message that the browser carries to an IdP by POST. -->
    <xsl:template match="pass-on" mode="title"><m:t k="pass-on.title"/></xsl:template>
    <xsl:template match="pass-on" mode="main">
        <h1><m:t k="pass-on.title"/></h1>
        <p class="lead"><m:t k="pass-on.text"/></p>
        <xsl:apply-templates select="form" mode="carried"/>
    </xsl:template>
    <xsl:template match="form" mode="carried"/>
    <xsl:template match="form[starts-with(@action, 'https://') or starts-with(@action, 'http://')]" mode="carried">
        <form method="post" action="{@action}" data-submit="now">
            <xsl:for-each select="field"><input type="hidden" name="{@name}" value="{@value}"/></xsl:for-each>
            <p class="actions"><button type="submit" class="main"><m:t k="next"/></button></p>
        </form>
    </xsl:template>
</xsl:stylesheet>
